import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPage, root } from '../support/pages.ts';

const sections = readPage('docs/procedures.md')
  .text.split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', said: text.split('**Carried out:**')[1] ?? '' }));

test('there are procedures', () => {
  expect(sections.length).toBeGreaterThan(8);
});

describe.each(sections)('the procedure "$title"', ({ said }) => {
  test('says how it was carried out', () => {
    expect(said.trim()).not.toBe('');
  });

  test('names tests that there are', () => {
    for (const [, path = '', title] of said.matchAll(/`(test\/[\w./-]+\.ts)`(?:, "([^"]+)")?/g)) {
      expect(existsSync(join(root, path)), path).toBe(true);
      if (title !== undefined) expect(readFileSync(join(root, path), 'utf8')).toContain(`'${title}'`);
    }
  });
});
