import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { pooled } from '../../lib/platform/map-concurrent.ts';

/** Work that ends when it is told to. */
function stage() {
  const running: { readonly item: number; readonly end: () => void }[] = [];
  const work = (item: number): Promise<string> =>
    new Promise((resolve) => {
      running.push({ item, end: () => resolve(`done ${item}`) });
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { running, settle, work };
}

describe('a pool', () => {
  test('works on as many items at a time as it is wide, and starts the next when one ends', async () => {
    const { running, settle, work } = stage();
    const all = pooled([1, 2, 3, 4], 2, work);
    await settle();
    expect(running.map(({ item }) => item)).toEqual([1, 2]);

    running[1]?.end();
    await settle();
    expect(running.map(({ item }) => item)).toEqual([1, 2, 3]);

    running[2]?.end();
    await settle();
    for (const { end } of running) end();
    expect(await all).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  test.each([
    ['nothing', [], []],
    ['fewer items than it is wide', [7], ['done 7']],
  ])('takes %s', async (_, items, expected) => {
    expect(await pooled(items, 3, async (item) => `done ${item}`)).toEqual(expected);
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
});
