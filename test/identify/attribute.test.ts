import { describe, expect, test } from 'vitest';
import type { KeyListing } from '../../lib/devin.ts';
import { attribute, type Search, type World } from '../../lib/identify/attribute.ts';
import { MOST_USES } from '../../lib/identify/trace.ts';
import { play } from '../simulation/worlds.ts';

const BEGIN = Date.parse('2026-07-30T08:26:40Z');

/** A clock that only moves when somebody sleeps, and a listing in which nothing ever moves. */
function stillWorld(given: Partial<World> = {}) {
  let clock = BEGIN;
  const seen = { uses: [] as number[], lists: 0 };
  const world: World = {
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    random: () => 0.5,
    use: async () => {
      seen.uses.push(clock);
      return { apiSecond: Math.floor(clock / 1_000) };
    },
    list: async () => {
      seen.lists += 1;
      return { ok: true, keys: [] } satisfies KeyListing;
    },
    ...given,
  };
  return { world, seen, clock: () => clock };
}

const search = (given: Partial<Search> = {}): Search => ({
  candidates: ['a', 'b'],
  earlier: { sent: BEGIN - 50, answered: BEGIN },
  listingUses: false,
  deadline: BEGIN + 40_000,
  ...given,
});
const open = { verdict: 'open', likely: ['a', 'b'] };

describe('the search', () => {
  test('ends with its time, and uses the token ten times at the most, each time in another second', async () => {
    const { clock, seen, world } = stillWorld();

    expect(await attribute(world, search())).toMatchObject({ verdict: 'open' });

    expect(clock()).toBeLessThanOrEqual(BEGIN + 41_000);
    expect(seen.uses).toHaveLength(MOST_USES);
    expect(new Set(seen.uses.map((use) => Math.floor(use / 1_000))).size).toBe(MOST_USES);
    expect(seen.uses[0]).toBeGreaterThan(BEGIN + 1_000);
  });

  test('does nothing when there is no time', async () => {
    const { seen, world } = stillWorld();

    expect(await attribute(world, search({ deadline: BEGIN }))).toEqual(open);
    expect(seen).toEqual({ uses: [], lists: 0 });
  });

  test('ends when the token stops working, or gives no answer', async () => {
    const { seen, world } = stillWorld({ use: async () => undefined });

    expect(await attribute(world, search())).toMatchObject({ verdict: 'open' });
    expect(seen.lists).toBeLessThan(6);
  });

  test('ends when a listing fails', async () => {
    const refusal = { ok: false, reason: 'HTTP 500', retryable: true } as const;
    const { seen, world } = stillWorld({ list: async () => refusal });

    expect(await attribute(world, search())).toEqual(open);
    expect(seen.uses).toEqual([]);
  });

  test.each([false, true])(
    'finds the key among five in a quiet world (by our own token: %j)',
    async (own) => {
      const idle = { kind: 'idle' } as const;
      const world = {
        seed: 7,
        leaked: idle,
        siblings: [idle, idle, idle, idle],
        lag: 0,
        skew: 0,
        latency: 60,
      };

      expect(await play({ ...world, own })).toMatchObject({ found: 'leaked', verdict: 'follows' });
    },
  );
});
