import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PICTURES } from '../pictures/write.ts';
import { root } from '../support/pages.ts';

test.each(Object.entries(PICTURES))('%s is as `npm run docs:pictures` draws it', (path, draw) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(draw());
});
