import { describe, expect, test } from 'vitest';
import { HOSTILE_KINDS } from './hostile-worlds.ts';
import { playMany } from './play-many.ts';

const idle = { kind: 'idle' } as const;
const busy = { kind: 'random', perSecond: 5 } as const;
/** Siblings that are used on the second, every second. */
const clockwork = { kind: 'periodic', everySeconds: 1 } as const;

// `npm run test:long` plays many more of each.
describe('the experiment in hostile worlds', () => {
  test.each(HOSTILE_KINDS)('names a wrong key in at most 5 % with alpha 0.05: $name', async ({ draw }) => {
    const { wrong } = await playMany(draw, { worlds: 120, alpha: 0.05, budget: 60 });

    expect(wrong.length, `seeds ${wrong}`).toBeLessThanOrEqual(6);
  });

  test.each(HOSTILE_KINDS)('names no wrong key with the default alpha: $name', async ({ draw }) => {
    const { wrong } = await playMany(draw, { from: 1_000, worlds: 40 });

    expect(wrong).toEqual([]);
  });
});

describe('the simulation has the power to see a fault', () => {
  test('a sibling that each of our uses has used is named as often as the leaked key', async () => {
    const { found, wrong } = await playMany(
      (seed) => ({ seed, leaked: idle, siblings: [idle, idle], coupled: 1 }),
      { worlds: 40 },
    );

    expect(found + wrong.length).toBe(40);
    expect(wrong.length).toBeGreaterThan(10);
  });

  test('looks that come later after a use name a sibling that is used by a timetable', async () => {
    const draw = (seed: number) => ({ seed, leaked: idle, siblings: [clockwork, busy], isUncounted: true });
    const planted = await playMany(draw, { worlds: 60, alpha: 0.05, lookShiftAfterHeads: 200 });
    const sound = await playMany(draw, { worlds: 60, alpha: 0.05 });

    expect(planted.wrong.length).toBeGreaterThan(6);
    expect(sound.wrong.length).toBeLessThanOrEqual(3);
  });

  test('looks that a use delays by a twentieth of a second do not, since looks are spread', async () => {
    const draw = (seed: number) => ({ seed, leaked: idle, siblings: [clockwork, busy], isUncounted: true });
    const { wrong } = await playMany(draw, { worlds: 120, alpha: 0.05, lookShiftAfterHeads: 50 });

    expect(wrong.length).toBeLessThanOrEqual(6);
  });
});

describe('the experiment finds', () => {
  test.each([
    ['an idle key beside idle siblings', idle, idle, 1, 25],
    ['an idle key beside busy siblings', idle, busy, 1, 25],
    [
      'a key that is in use every 2 s beside busy siblings',
      { kind: 'random', perSecond: 0.5 },
      busy,
      0.7,
      70,
    ],
  ] as const)('%s', async (_, leaked, sibling, share, median) => {
    const { found, seconds, wrong } = await playMany(
      (seed) => ({ seed, leaked, siblings: [sibling, sibling, sibling, sibling] }),
      { worlds: 30 },
    );

    expect(wrong).toEqual([]);
    expect(found / 30).toBeGreaterThanOrEqual(share);
    expect(seconds[Math.floor(seconds.length / 2)]).toBeLessThan(median);
  });
});
