import { expect, test } from 'vitest';
import { drawOddWorld, drawWorld, FAIR_ODDITIES } from '../simulation/draw.ts';
import { play, type WorldOptions } from '../simulation/worlds.ts';

const rows: [string, number, (seed: number) => WorldOptions][] = [
  ['10,000 random worlds', 10_000, drawWorld],
  ['5,000 worlds that are odd for all keys alike', 5_000, (seed) => drawOddWorld(seed, FAIR_ODDITIES)],
  [
    '3,000 worlds where our own token is the leaked one',
    3_000,
    (seed) => ({ ...drawWorld(seed), own: true }),
  ],
];

test.each(rows)(
  'no other key than the leaked one is named in %s',
  async (_, count, draw) => {
    const wrong: number[] = [];
    // Other seeds than those of the default suite.
    for (let seed = 1_000_001; seed <= 1_000_000 + count; seed++) {
      const { found } = await play(draw(seed));
      if (found !== undefined && found !== 'leaked') wrong.push(seed);
    }
    expect(wrong).toEqual([]);
  },
  300_000,
);
