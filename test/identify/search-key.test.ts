import { describe, expect, test } from 'vitest';
import type { ApiKey, KeyListing } from '../../lib/clients/devin.ts';
import { attribute, type Search, type World } from '../../lib/identify/search-key.ts';
import { generator, play, type Traffic } from '../simulation/worlds.ts';

const BEGIN = Date.parse('2026-07-30T08:26:40.300Z');
const CALL_MS = 40;

type Given = {
  /** the key that our uses move, if they show at all */
  moves?: string;
  /** the search ends so many seconds after it began, default 40 */
  budget?: number;
  /** how many uses are answered, default all */
  usesThatWork?: number;
  /** how many listings are answered, default all */
  listingsThatWork?: number;
  listed?: string[];
  candidates?: string[];
  listingUses?: boolean;
};

/** A search in a world whose clock moves only when something is awaited, and all that it did there. */
async function search(given: Given) {
  const { budget = 40, candidates = ['a', 'b', 'c'], listingUses = false, moves } = given;
  const { listed = candidates, listingsThatWork = Number.POSITIVE_INFINITY } = given;
  const { usesThatWork = Number.POSITIVE_INFINITY } = given;
  const random = generator(1);
  const calls: { call: 'use' | 'list'; at: number }[] = [];
  const lastUsed = new Map<string, number>();
  let clock = BEGIN;

  const second = (): number => Math.floor(clock / 1_000);
  const made = (call: 'use' | 'list'): number => {
    calls.push({ call, at: clock });
    clock += CALL_MS;
    if (moves !== undefined && (call === 'use' || listingUses)) lastUsed.set(moves, second());
    return calls.filter((entry) => entry.call === call).length;
  };
  const refusal: KeyListing = { ok: false, status: 503, reason: 'HTTP 503', retryable: true };
  const world: World = {
    use: async () => (made('use') > usesThatWork ? undefined : { apiSecond: second() }),
    list: async () =>
      made('list') > listingsThatWork
        ? refusal
        : { ok: true, keys: listed.map((id) => entry(id, lastUsed.get(id))), apiSecond: second() },
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    random,
  };
  const what: Search = {
    candidates,
    earlier: { sent: BEGIN - 100, answered: BEGIN - 60, apiSecond: Math.floor((BEGIN - 80) / 1_000) },
    listingUses,
    deadline: BEGIN + budget * 1_000,
  };
  const verdict = await attribute(world, what);
  const at = (call: 'use' | 'list') => calls.filter((made) => made.call === call).map((made) => made.at);
  return { verdict, calls, uses: at('use'), listings: at('list'), ended: clock, deadline: what.deadline };
}

function entry(id: string, last_used_at: number | null = null): ApiKey {
  const times = { created_at: 0, expires_at: null, revoked_at: null, last_used_at };
  return { api_key_id: id, api_key_name: id, is_active: true, ...times };
}

const secondsApart = (moments: readonly number[]): number[] =>
  moments
    .slice(1)
    .map((moment, index) => Math.floor(moment / 1_000) - Math.floor((moments[index] ?? 0) / 1_000));

describe('the search', () => {
  test('names the key that moved with three uses, and ends at once', async () => {
    const { calls, uses, verdict, ended } = await search({ moves: 'b' });

    expect(verdict).toEqual({ verdict: 'follows', api_key_id: 'b' });
    expect(uses).toHaveLength(3);
    expect(calls.at(-1)?.call).toBe('list');
    expect(ended - BEGIN).toBeLessThan(8_000);
  });

  test('ends at its deadline when nothing shows, with ten uses at the most, each in a second of its own', async () => {
    const { calls, deadline, ended, uses, verdict } = await search({});

    expect(verdict).toEqual({ verdict: 'open', likely: ['a', 'b', 'c'] });
    expect(uses).toHaveLength(10);
    expect(secondsApart(uses).every((seconds) => seconds >= 1)).toBe(true);
    expect(calls.every(({ at }) => at < deadline)).toBe(true);
    expect(ended - deadline).toBeLessThan(1_000);
  });

  test('uses the token at irregular moments, which no timetable meets for long', async () => {
    const { uses } = await search({});
    const gaps = uses.slice(1).map((use, index) => use - (uses[index] ?? 0));

    expect(new Set(gaps).size).toBeGreaterThan(3);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(1_000);
  });

  test.each<[string, Given, number, number]>([
    ['at once when the token stops working', { usesThatWork: 1 }, 2, Number.POSITIVE_INFINITY],
    ['at once when a listing gets no good answer', { listingsThatWork: 2 }, 0, 3],
    ['before it begins when there is no time', { budget: 0 }, 0, 0],
  ])('ends %s, and names no key', async (_, given, mostUses, mostListings) => {
    const { calls, listings, uses, verdict } = await search(given);

    expect(verdict).toEqual({ verdict: 'open', likely: ['a', 'b', 'c'] });
    expect(uses).toHaveLength(mostUses);
    expect(listings.length).toBeLessThanOrEqual(mostListings);
    if (mostUses > 0) expect(calls.at(-1)?.call).toBe('use');
  });

  test.each([1, 3, 10, 40])('makes no call after a deadline of %d seconds', async (budget) => {
    const { calls, deadline, ended, uses, verdict } = await search({ budget });

    expect(verdict).toEqual({ verdict: 'open', likely: ['a', 'b', 'c'] });
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.every(({ at }) => at < deadline)).toBe(true);
    expect(uses.length).toBeLessThanOrEqual(10);
    expect(ended - deadline).toBeLessThan(1_000);
  });

  test('tells the most likely key first when the token stops working on the way', async () => {
    const { uses, verdict } = await search({ moves: 'c', usesThatWork: 2 });

    expect(verdict).toEqual({ verdict: 'open', likely: ['c', 'a', 'b'] });
    expect(uses).toHaveLength(3);
  });

  test('does not look at keys that are no candidates, even when one of them follows', async () => {
    const { verdict } = await search({ moves: 'dead', listed: ['a', 'b', 'c', 'dead'] });

    expect(verdict).toEqual({ verdict: 'open', likely: ['a', 'b', 'c'] });
  });
});

describe('the search for our own key, where looking at the listing is a use', () => {
  test('names the key without a use beside the listings', async () => {
    const { deadline, ended, listings, uses, verdict } = await search({ moves: 'c', listingUses: true });

    expect(verdict).toMatchObject({ api_key_id: 'c' });
    expect(uses).toEqual([]);
    expect(secondsApart(listings).every((seconds) => seconds >= 1)).toBe(true);
    expect(ended).toBeLessThan(deadline);
  });

  test('ends at its deadline when nothing shows', async () => {
    const { deadline, ended, uses, verdict } = await search({ listingUses: true });

    expect(verdict).toEqual({ verdict: 'open', likely: ['a', 'b', 'c'] });
    expect(uses).toEqual([]);
    expect(ended - deadline).toBeLessThan(5_000);
  });

  test.each<[string, number, number]>([
    ['the first', 0, 1],
    ['the third', 2, 3],
  ])('ends at once when the token no longer lists, from %s listing on', async (_, listingsThatWork, made) => {
    const { calls, verdict } = await search({ moves: 'c', listingUses: true, listingsThatWork });

    expect(verdict).toMatchObject({ verdict: 'open' });
    expect(calls.map(({ call }) => call)).toEqual(Array.from({ length: made }, () => 'list'));
  });

  test('names no key when the token dies while it is searched for', async () => {
    const played = await play({
      seed: 1,
      leaked: { kind: 'idle' },
      siblings: [{ kind: 'idle' }, { kind: 'random', perSecond: 1 / 5 }],
      lag: 0,
      skew: 0,
      latency: 30,
      own: true,
      diesAfter: 3,
    });

    expect(played).toMatchObject({ verdict: 'open', found: undefined });
    expect(played.seconds).toBeLessThan(6);
  });

  test.each<[string, Traffic[], number]>([
    ['idle', [{ kind: 'idle' }, { kind: 'idle' }], 30],
    ['used now and then', [{ kind: 'random', perSecond: 1 / 20 }, { kind: 'idle' }], 15],
  ])('mostly finds it when the other keys are %s', async (_, siblings, atLeast) => {
    const found = await findOurs({ kind: 'idle' }, siblings);

    expect(found.filter((id) => id !== undefined && id !== 'leaked')).toEqual([]);
    expect(found.filter((id) => id === 'leaked').length).toBeGreaterThanOrEqual(atLeast);
  });

  test('never takes a key that is in use all the time for it, though others use ours as well', async () => {
    const found = await findOurs(
      { kind: 'periodic', everySeconds: 10 },
      [{ kind: 'periodic', everySeconds: 0.25 }],
      0.2,
    );

    expect(found.filter((id) => id !== undefined && id !== 'leaked')).toEqual([]);
  });
});

/** @param lagJitter seconds by which uses show later, some more, some less */
async function findOurs(
  leaked: Traffic,
  siblings: Traffic[],
  lagJitter = 0,
): Promise<(string | undefined)[]> {
  const worlds = Array.from({ length: 30 }, (_, seed) => ({ seed, leaked, siblings }));
  const played = worlds.map((world) =>
    play({ ...world, lag: 0, lagJitter, skew: -180, latency: 30, own: true }),
  );
  return (await Promise.all(played)).map(({ found }) => found);
}
