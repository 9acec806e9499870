import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUGS } from './bugs.ts';
import { plant, titlePattern } from './planted-bug.ts';

test.each(BUGS)('$name applies to the tree, and its tests exist', (bug) => {
  const text = readFileSync(bug.file, 'utf8');

  expect(plant(bug, text)).not.toBe(text);
  expect(existsSync(bug.caughtBy.file)).toBe(true);
});

test('each planted bug has a name of its own', () => {
  const names = BUGS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('a bug that has no place, or more than one, does not apply', () => {
  const bug = { name: 'bug', file: 'file.ts', find: 'a', replace: 'b', caughtBy: { file: '', title: '' } };

  expect(plant(bug, 'xay')).toBe('xby');
  expect(() => plant(bug, 'xy')).toThrow('bug does not apply: file.ts has 0 places for it');
  expect(() => plant(bug, 'aa')).toThrow('bug does not apply: file.ts has 2 places for it');
});

test.each([
  ['a plain title', 'group a plain title'],
  ['a title (of 2+ rows) with %s and $guard.name', 'group a title (of 2+ rows) with 1 and two'],
])('%s is found by its pattern', (title, fullName) => {
  expect(fullName).toMatch(new RegExp(titlePattern(title)));
});
