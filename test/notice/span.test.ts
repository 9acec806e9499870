import { expect, test } from 'vitest';
import { span } from '../../lib/notice/span.ts';

test.each([
  [-1, '0 s'],
  [1_449, '1.4 s'],
  [59_900, '59.9 s'],
  [60_000, '1 min 0 s'],
  [3_599_999, '59 min 59 s'],
  [3_600_000, '1 h 0 min'],
  [172_800_000, '2 d 0 h'],
  [7_860_000, '2 h 11 min'],
  [1_047_600_000, '12 d 3 h'],
])('%i ms are %s', (milliseconds, text) => {
  expect(span(milliseconds)).toBe(text);
});
