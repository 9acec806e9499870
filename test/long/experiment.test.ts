import { describe, expect, test } from 'vitest';
import { HOSTILE_KINDS } from '../simulation/hostile-worlds.ts';
import { playMany } from '../simulation/play-many.ts';

/** Other worlds than those of the default suite. */
const FROM = 1_000_001;

describe('the experiment in tens of thousands of hostile worlds', () => {
  const shares = new Map<string, number>();

  test.each(HOSTILE_KINDS)(
    'names a wrong key in less than 5 % with alpha 0.05: $name',
    async ({ draw, name }) => {
      const worlds = 2_000;
      const { wrong } = await playMany(draw, { from: FROM, worlds, alpha: 0.05 });
      shares.set(name, wrong.length / worlds);

      expect(wrong.length / worlds, `seeds ${wrong.slice(0, 20)}`).toBeLessThan(0.05);
    },
    300_000,
  );

  test('the bound is at work: wrong keys are named where our uses are not recorded, or are at random moments later', () => {
    // Without any the worlds would be too friendly to show anything.
    expect(shares.get('uses of ours are not recorded')).toBeGreaterThan(0);
    expect(shares.get('random lag up to 20 s')).toBeGreaterThan(0);
  });

  test.each(HOSTILE_KINDS)(
    'names no wrong key with the default alpha: $name',
    async ({ draw }) => {
      const { wrong } = await playMany(draw, { from: FROM + 10_000, worlds: 1_000 });

      expect(wrong).toEqual([]);
    },
    300_000,
  );
});
