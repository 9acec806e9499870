import { expect, test } from 'vitest';
import { sweepDeadline } from '../../lib/sweep/deadline.ts';

test.each([
  [900_000, 885_000],
  [75_000, 60_000],
  [60_000, 48_000],
  [0, 0],
])('of %i ms that are left, a sweep works for %i ms', (remaining, worked) => {
  expect(sweepDeadline(remaining, 1_000_000)).toBe(1_000_000 + worked);
});
