import { expect, test } from 'vitest';
import { tossCoin } from '../../../lib/identify/experiment/toss-coin.ts';

test('a coin is fair', () => {
  const tosses = Array.from({ length: 10_000 }, tossCoin);
  const heads = tosses.filter(Boolean).length;
  const changes = tosses.filter((toss, at) => at > 0 && toss !== tosses[at - 1]).length;

  // Six standard deviations of a fair coin.
  expect(Math.abs(heads - 5_000)).toBeLessThan(300);
  expect(Math.abs(changes - 5_000)).toBeLessThan(300);
});
