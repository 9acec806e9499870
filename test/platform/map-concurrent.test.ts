import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { pooled } from '../../lib/platform/map-concurrent.ts';

test('results keep the order of the items, whichever was done first', async () => {
  expect(await pooled([30, 10, 20], 2, async (ms) => wait(ms, ms))).toEqual([30, 10, 20]);
});

test('at most so many are under way at a time', async () => {
  let underWay = 0;
  let most = 0;
  await pooled([1, 2, 3, 4, 5], 2, async () => {
    most = Math.max(most, ++underWay);
    await wait(5);
    underWay -= 1;
  });

  expect(most).toBe(2);
});

test('once one fails no further one is begun, and those under way have ended before the failure is reported', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const done = pooled([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    await wait(item * 20);
    if (item === 1) throw new Error('first');
    ended.push(item);
  });

  await expect(done).rejects.toThrow('first');
  expect({ begun, ended }).toEqual({ begun: [1, 2], ended: [2] });
});

test('of several failures the first one is reported', async () => {
  const done = pooled([20, 5], 2, async (ms) => {
    await wait(ms);
    throw new Error(`after ${ms} ms`);
  });

  await expect(done).rejects.toThrow('after 5 ms');
});
