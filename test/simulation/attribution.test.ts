import { describe, expect, test } from 'vitest';
import { drawOddWorld, drawWorld, FAIR_ODDITIES } from './draw.ts';
import { type Played, play, type WorldOptions } from './worlds.ts';

/** Plays worlds by their seeds. The seeds of those that name a wrong key are told, so that one can be played again. */
async function playAll(count: number, draw: (seed: number) => WorldOptions) {
  const played: Played[] = [];
  const wrong: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const result = await play(draw(seed));
    played.push(result);
    if (result.found !== undefined && result.found !== 'leaked') wrong.push(seed);
  }
  return { wrong, found: played.filter(({ found }) => found === 'leaked').length, played };
}

describe('the search for the leaked key', () => {
  test.each([
    ['random worlds', 600, drawWorld, 60],
    ['worlds that are odd for all keys alike', 300, (seed: number) => drawOddWorld(seed, FAIR_ODDITIES), 20],
    [
      'worlds where our own token is the leaked one',
      200,
      (seed: number) => ({ ...drawWorld(seed), own: true }),
      5,
    ],
  ])('never names another key in %s', async (_, count, draw, atLeast) => {
    const { found, wrong } = await playAll(count, draw);

    expect(wrong).toEqual([]);
    // Naming none at all would be no use.
    expect(found).toBeGreaterThan(atLeast);
  });

  test('uses the token ten times after the first at the most, each time in a second of its own', async () => {
    const { played } = await playAll(200, drawWorld);

    for (const { uses } of played) {
      expect(uses.length).toBeLessThanOrEqual(11);
      const gaps = uses.slice(1).map((use, index) => use - (uses[index] ?? 0));
      expect(Math.min(...gaps, 2_000)).toBeGreaterThan(1_000);
    }
  });

  test('always finds the key when all keys are idle and uses show at once', async () => {
    const { found } = await playAll(50, (seed) => ({
      seed,
      leaked: { kind: 'idle' },
      siblings: Array.from({ length: 19 }, () => ({ kind: 'idle' })),
      lag: 0,
      skew: -180,
      latency: 100,
    }));

    expect(found).toBe(50);
  });
});
