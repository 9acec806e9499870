import { describe, expect, test } from 'vitest';
import { judgeTraces, type Look, type Observation, type Use } from '../../lib/identify/correlate-uses.ts';

// A little world on paper: seconds after midnight, our clock and the API's the same unless `skew` says otherwise.
// We use the token at these seconds; the first use came before the first look.
const MIDNIGHT = Date.parse('2026-07-30T00:00:00Z') / 1_000;
const USES = [10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];

type Given = {
  /** how many of USES after the first one */
  uses: number;
  /** the seconds at which each key was used, by us or by others */
  keys: Record<string, number[]>;
  /** seconds until a use shows */
  lag?: number;
  /** seconds by which the clock of the values is ahead of ours; of the Date header, unless given, too */
  skew?: number;
  dateSkew?: number;
  /** the last look, in seconds; default two after the last use has shown */
  until?: number;
};

function observe({ dateSkew, keys, lag = 0, skew = 0, until, uses: count }: Given): Observation {
  const dated = (second: number): number => MIDNIGHT + second + (dateSkew ?? skew);
  const epochMs = (second: number): number => Math.round((MIDNIGHT + second) * 1_000);
  const made = USES.slice(0, count + 1);
  const uses: Use[] = made.map((second) => ({
    sent: epochMs(second + 0.4),
    answered: epochMs(second + 0.45),
    apiSecond: dated(second),
  }));
  const looks: Look[] = [];
  for (let at = 10.9; at <= (until ?? (made.at(-1) ?? 0) + lag + 2); at += 0.5) {
    const shown = (seconds: number[]): number | null => {
      const seen = seconds.filter((second) => second + 0.45 + lag <= at);
      return seen.length === 0 ? null : MIDNIGHT + Math.max(...seen) + skew;
    };
    const lastUsed = new Map(Object.entries(keys).map(([id, seconds]) => [id, shown(seconds)]));
    looks.push({ at: epochMs(at), lastUsed, apiSecond: dated(Math.floor(at)) });
  }
  return { looks, uses, from: 1 };
}

const ours = (count: number): number[] => USES.slice(0, count + 1);
const every = (seconds: number, from = 0, to = 60): number[] =>
  Array.from({ length: Math.floor((to - from) / seconds) }, (_, index) => from + index * seconds);
const follows = { verdict: 'follows', api_key_id: 'leaked' };
const open = (...likely: string[]) => ({ verdict: 'open', likely });

describe('the verdict', () => {
  test.each<[string, Given, object]>([
    ['is open after two uses', { uses: 2, keys: { leaked: ours(2), idle: [] } }, open('leaked', 'idle')],
    [
      'names the key that alone moved with three uses',
      { uses: 3, keys: { leaked: ours(3), idle: [] } },
      follows,
    ],
    [
      'names it among keys that were used before',
      { uses: 3, keys: { idle: [1, 2], leaked: ours(3), old: [5] } },
      follows,
    ],
    [
      'waits while a lag hides the uses',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, lag: 30, until: 40 },
      open('leaked', 'idle'),
    ],
    [
      'names the key once the lag is over',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, lag: 30 },
      follows,
    ],
    ['is open when nothing ever shows', { uses: 10, keys: { leaked: [], idle: [] } }, open('leaked', 'idle')],
    ['does not need clocks that agree', { uses: 3, keys: { leaked: ours(3), idle: [] }, skew: 180 }, follows],
    [
      'wants more uses while the Date header is by another clock than the values',
      { uses: 5, keys: { leaked: ours(5), idle: [] }, skew: 60, dateSkew: 0 },
      open('leaked', 'idle'),
    ],
    [
      'names the key by its rhythm alone after ten uses',
      { uses: 10, keys: { leaked: ours(10), idle: [] }, skew: 60, dateSkew: 0 },
      follows,
    ],
    [
      'wants more uses when another key moved too',
      { uses: 3, keys: { leaked: ours(3), sibling: [13] } },
      open('leaked', 'sibling'),
    ],
    [
      'names the key after some more uses when another moved',
      { uses: 6, keys: { leaked: ours(6), sibling: [11, 15] } },
      follows,
    ],
    [
      'is open between two keys that both follow',
      { uses: 10, keys: { leaked: ours(10), twin: ours(10) } },
      open('leaked', 'twin'),
    ],
    [
      'is open when somebody else uses the only key that follows, and another all the time',
      { uses: 10, keys: { leaked: [...ours(10), 21], busy: every(1) } },
      open('busy', 'leaked'),
    ],
    [
      'tells a key from one that is used all the time',
      { uses: 10, keys: { leaked: ours(10), busy: every(1) } },
      follows,
    ],
    [
      'names the key that remains when it alone moves, though others use it as well',
      { uses: 6, keys: { leaked: every(1, 10), idle: [2], old: [5] }, until: 32 },
      { verdict: 'remains', api_key_id: 'leaked' },
    ],
    [
      'does not go by what remains while the values are ahead of the Date header',
      { uses: 6, keys: { leaked: every(1, 10), idle: [2] }, until: 32, skew: 60, dateSkew: 0 },
      open('leaked', 'idle'),
    ],
    [
      'does not go by what remains while the values are behind the Date header',
      { uses: 6, keys: { leaked: every(1, 10), idle: [2] }, until: 32, skew: -60, dateSkew: 0 },
      open('leaked', 'idle'),
    ],
    [
      'does not take a busy key for what remains when the values are two seconds behind the Date header',
      { uses: 4, keys: { leaked: [...ours(4), 11], busy: every(1), idle: [2] }, until: 32, dateSkew: 2 },
      open('leaked', 'busy', 'idle'),
    ],
    [
      'does not take a key for what remains because the API keeps a use of the leaked one for a minute',
      { uses: 6, keys: { leaked: [9], sibling: [17], idle: [2] }, until: 32 },
      open('sibling', 'leaked', 'idle'),
    ],
    [
      'does not take a busy key for what remains when times are cut to ten seconds',
      { uses: 6, keys: { leaked: [10, 20], busy: [0, 10, 20, 30], idle: [] }, until: 32 },
      open('leaked', 'busy', 'idle'),
    ],
    [
      'is open when another key was used in the very seconds of our uses',
      { uses: 10, keys: { leaked: ours(10), twin: ours(10).map((second) => second + 0.4) } },
      open('twin', 'leaked'),
    ],
    [
      'is not misled by a use of another key in the second of one of ours',
      { uses: 6, keys: { sibling: [12], leaked: ours(6) } },
      follows,
    ],
    [
      'is open before the third use shows',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, until: 16 },
      open('leaked', 'idle'),
    ],
    [
      'names the key with a lag of two seconds',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, lag: 2 },
      follows,
    ],
    [
      'names the key by a clock that is three minutes behind',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, skew: -180 },
      follows,
    ],
    [
      'takes a Date header that is a second off for the same clock',
      { uses: 3, keys: { leaked: ours(3), idle: [] }, skew: 1, dateSkew: 0 },
      follows,
    ],
    [
      'takes one that is two seconds off for another clock, which nine uses do not make up for',
      { uses: 9, keys: { leaked: ours(9), idle: [] }, skew: 2, dateSkew: 0 },
      open('leaked', 'idle'),
    ],
    [
      'takes one that is two seconds off for another clock, which ten uses make up for',
      { uses: 10, keys: { leaked: ours(10), idle: [] }, skew: 2, dateSkew: 0 },
      follows,
    ],
    [
      'is open when values are off the rhythm of our uses, by whatever clock',
      {
        uses: 10,
        keys: { leaked: [10, 12, 14, 17, 18, 20, 22, 23, 26, 28, 30], idle: [] },
        skew: 60,
        dateSkew: 0,
      },
      open('leaked', 'idle'),
    ],
    [
      'is open when no use explains a value',
      { uses: 4, keys: { leaked: [...ours(4), 13], idle: [] } },
      open('leaked', 'idle'),
    ],
    [
      'is open when a use is missing between two that show',
      { uses: 4, keys: { leaked: [10, 12, 16, 18], idle: [] } },
      open('leaked', 'idle'),
    ],
    [
      'wants ten uses while another key never stands still, though a third does',
      {
        uses: 6,
        keys: { leaked: ours(6), busy: [11, 13, 15, 17, 18, 19, 21, 23], idle: [] },
      },
      open('leaked', 'busy', 'idle'),
    ],
    [
      'names the key with ten uses beside a key that never stands still',
      {
        uses: 10,
        keys: { leaked: ours(10), busy: [11, 13, 15, 17, 18, 19, 21, 23, 25, 27, 29, 31], idle: [] },
      },
      follows,
    ],
  ])('%s', (_, given, expected) => {
    expect(judgeTraces(observe(given))).toEqual(expected);
  });

  test('wants ten uses when an answer has no Date header', () => {
    const withoutDate = (given: Given): Observation => {
      const { uses, ...rest } = observe(given);
      return {
        ...rest,
        uses: uses.map((use, index) => (index === 2 ? { ...use, apiSecond: undefined } : use)),
      };
    };
    const keys = { leaked: ours(10), idle: [] };

    expect(judgeTraces(withoutDate({ uses: 3, keys: { ...keys, leaked: ours(3) } }))).toEqual(
      open('leaked', 'idle'),
    );
    expect(judgeTraces(withoutDate({ uses: 10, keys }))).toEqual(follows);
  });

  test('does not name a key that shows no use of ours but that before the first look', () => {
    const given = { uses: 10, keys: { leaked: [10], idle: [] }, lag: 2 };

    expect(judgeTraces(observe(given))).toEqual(open('leaked', 'idle'));
  });

  test('is open without a look, and without a key', () => {
    expect(judgeTraces({ looks: [], uses: [], from: 1 })).toEqual(open());
    expect(judgeTraces(observe({ uses: 3, keys: {} }))).toEqual(open());
  });

  test('puts the most likely key first while it is open', () => {
    const given = { uses: 2, keys: { idle: [1], old: [5], moved: [13], leaked: ours(2) } };

    expect(judgeTraces(observe(given))).toEqual(open('leaked', 'moved', 'old', 'idle'));
  });

  test('does not look at a key that was made after the first look', () => {
    const observation = observe({ uses: 3, keys: { leaked: ours(3), idle: [] } });
    const looks = observation.looks.map((look, index) =>
      index < 3 ? look : { ...look, lastUsed: new Map([...look.lastUsed, ['new', MIDNIGHT + 14]]) },
    );

    expect(judgeTraces({ ...observation, looks })).toEqual(follows);
  });
});

describe('what remains, when others use the leaked key too', () => {
  // A use by others, at 13, keeps the leaked key from following ours.
  const remains = { verdict: 'remains', api_key_id: 'leaked' };
  const unsure = open('leaked', 'idle');
  const leaked = [...ours(6), 13];
  const steady = every(1, 10);

  test.each<[string, Given, object]>([
    ['is named long after six uses', { uses: 6, keys: { leaked, idle: [2] }, until: 32 }, remains],
    [
      'is named beside a key that was never used',
      { uses: 6, keys: { leaked, idle: [] }, until: 32 },
      remains,
    ],
    [
      'is not named with four uses',
      { uses: 4, keys: { leaked: [...ours(4), 13], idle: [2] }, until: 40 },
      unsure,
    ],
    ['is named with five', { uses: 5, keys: { leaked: [...ours(5), 13], idle: [2] }, until: 40 }, remains],
    [
      'is not named before the second use is six seconds old',
      { uses: 5, keys: { leaked: [...ours(5), 13], idle: [2] }, until: 20.5 },
      unsure,
    ],
    [
      'is named when the second use is six seconds old',
      { uses: 5, keys: { leaked: [...ours(5), 13], idle: [2] }, until: 21 },
      remains,
    ],
    [
      'is named by values a second ahead of the Date header',
      { uses: 6, keys: { leaked: steady, idle: [2] }, until: 32, dateSkew: -1 },
      remains,
    ],
    [
      'is not named by values two seconds ahead of it',
      { uses: 6, keys: { leaked: steady, idle: [2] }, until: 32, dateSkew: -2 },
      unsure,
    ],
    [
      'is named by values three seconds behind it',
      { uses: 6, keys: { leaked: steady, idle: [2] }, until: 32, dateSkew: 3 },
      remains,
    ],
    [
      'is not named by values that are never fresher than four seconds',
      { uses: 6, keys: { leaked: steady, idle: [2] }, until: 32, dateSkew: 4 },
      unsure,
    ],
    [
      'is named when each use shows two seconds behind the Date header',
      { uses: 6, keys: { leaked, idle: [2] }, until: 32, dateSkew: 2 },
      remains,
    ],
    [
      'is not named when it does not show each use of ours',
      { uses: 6, keys: { leaked: [10, 12, 13, 14, 16, 22], idle: [2] }, until: 32 },
      unsure,
    ],
    [
      'is not named while a third key may be the one',
      { uses: 6, keys: { leaked: steady, idle: [2], other: [11, 17, 21] }, until: 24 },
      open('leaked', 'other', 'idle'),
    ],
  ])('%s', (_, given, expected) => {
    expect(judgeTraces(observe(given))).toEqual(expected);
  });

  test('is not named while a look has no Date header', () => {
    const { looks, ...rest } = observe({ uses: 6, keys: { leaked, idle: [2] }, until: 32 });
    const dateless = looks.map((look, index) => (index === 9 ? { ...look, apiSecond: undefined } : look));

    expect(judgeTraces({ ...rest, looks: dateless })).toEqual(unsure);
  });
});

describe('the verdict on our own token, where each look is a use that shows in it', () => {
  /** Looks at these seconds; the first use was at 10. */
  const looksAt = (
    seconds: number[],
    keys: Record<string, (second: number) => number | null>,
  ): Observation => ({
    looks: seconds.map((second) => ({
      at: second * 1_000 + 400,
      apiSecond: second,
      lastUsed: new Map(Object.entries(keys).map(([id, shown]) => [id, shown(second)])),
    })),
    uses: [10, ...seconds].map((second) => ({
      sent: second * 1_000 + 400,
      answered: second * 1_000 + 450,
      apiSecond: second,
    })),
    from: 2,
  });
  const SECONDS = [12, 15, 17, 20, 24, 26, 29, 31, 35, 38, 40];
  const itself = (second: number): number => second;

  test.each<[string, Record<string, (second: number) => number | null>, object]>([
    ['names the key that shows each look', { leaked: itself, idle: () => null }, follows],
    [
      'is open when a key in use all the time shows each look as well',
      { leaked: itself, busy: itself },
      open('leaked', 'busy'),
    ],
    [
      'does not name a key in use all the time when others use ours too',
      // What shows of ours is a use by others, now and then.
      { leaked: (second) => (second % 4 === 0 ? second : second - 1), busy: itself },
      open('leaked', 'busy'),
    ],
  ])('%s', (_, keys, expected) => {
    expect(judgeTraces(looksAt(SECONDS, keys))).toEqual(expected);
  });

  test('is soon what remains when the others stand still', () => {
    const keys = { leaked: itself, idle: () => 1 };

    expect(judgeTraces(looksAt(SECONDS.slice(0, 3), keys))).toEqual(open('leaked', 'idle'));
    expect(judgeTraces(looksAt(SECONDS.slice(0, 6), keys))).toEqual({
      verdict: 'remains',
      api_key_id: 'leaked',
    });
  });
});
