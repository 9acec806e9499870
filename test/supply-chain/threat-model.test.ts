import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, root, rows } from '../support/pages.ts';

const threats = rows(readPage('docs/threat-model.md'), 'actor | threat | control | held by').flatMap(
  (cells) => {
    const [, file, title] = /^(test\/\S+): (.+)$/.exec(cells.at(-1) ?? '') ?? [];
    return file === undefined || title === undefined ? [] : [{ file, title }];
  },
);

test('the threat model has a test for each of its threats', () => {
  expect(threats.length).toBeGreaterThanOrEqual(19);
});

test.each(threats)('$file has the test "$title"', ({ file, title }) => {
  expect(existsSync(join(root, file))).toBe(true);
  const source = readFileSync(join(root, file), 'utf8').replace(/\\'/g, "'");
  expect([`'${title}'`, `"${title}"`].some((quoted) => source.includes(quoted))).toBe(true);
});
