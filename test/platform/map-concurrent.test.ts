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

  test('fails when an item fails', async () => {
    await expect(pooled([1], 1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
