import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ApiKey } from '../../../lib/clients/devin-shapes.ts';
import { type EvaluatedPage, evaluatePage } from '../../../lib/sweep/keys/evaluate-page.ts';
import type { Page, Start } from '../../../lib/sweep/keys/plan.ts';

const NOW = Date.parse('2026-11-23T03:00:00Z');
const DAY = 86_400;
const LISTED = 10;
const START: Start = {
  version: 1,
  plan_id: '20261123T030000Z-00000000',
  started_at: NOW,
  invoked_by: 'schedule',
  mode: 'report',
  policy: { warnDays: [], exempt: ['robot 3', 'nobody', 'robot 17'] },
  caps: { maxRevocations: 25, maxRatio: 0.2 },
  own: [],
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface World {
  readonly users: number;
  readonly keys?: number;
  /** What each listing takes, milliseconds by the clock. */
  readonly takes?: number;
  readonly cursor?: (end: number) => string;
}

/** Service users in listings of ten. */
function enterprise({ cursor = String, keys = 1, takes = 0, users }: World) {
  const listings: (string | null)[] = [];
  const key = (owner: string, at: number): ApiKey => ({
    api_key_id: `key-${owner}-${at}`,
    api_key_name: 'ci',
    created_at: NOW / 1_000 - DAY,
    is_active: true,
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
  });
  return {
    listings,
    devin: {
      listServiceUsers: async (after: string | null) => {
        vi.setSystemTime(Date.now() + takes);
        const from = listings.length * LISTED;
        listings.push(after);
        const shown = Array.from({ length: Math.min(LISTED, users - from) }, (_, at) => from + at);
        const next = from + LISTED < users ? cursor(from + LISTED) : null;
        return {
          ok: true as const,
          users: shown.map((at) => ({ service_user_id: `service-user-${at}`, name: `robot ${at}` })),
          next,
          total: users,
          date: Date.now(),
        };
      },
      listKeys: async (owner: string) => ({
        ok: true as const,
        keys: Array.from({ length: keys }, (_, at) => key(owner, at)),
      }),
    },
  };
}

async function pages(world: World, pageUsers: number): Promise<{ pages: Page[]; end: EvaluatedPage }> {
  const { devin } = enterprise(world);
  const made: Page[] = [];
  for (;;) {
    const options = { deadline: NOW + 3_600_000, pageUsers, isCompact: false };
    const end = await evaluatePage(devin, START, made.at(-1), options);
    if (!end.ok) return { pages: made, end };
    made.push(end.page);
    if (end.page.next === null) return { pages: made, end };
  }
}

test.each<[string, World, number, number[]]>([
  ['of one listing', { users: 35 }, 1, [10, 20, 30, 35]],
  ['of as many listings as it takes for its service users', { users: 85 }, 40, [40, 80, 85]],
  ['that ends after 20 s', { users: 50, takes: 10_000 }, 1_000, [20, 40, 50]],
  ['that ends with 2,000 entries', { users: 40, keys: 101 }, 1_000, [20, 40]],
])('a page %s', async (_, world, pageUsers, users) => {
  const { pages: made } = await pages(world, pageUsers);

  expect(made.map(({ totals }) => totals.users)).toEqual(users);
  expect(made.map(({ page }) => page)).toEqual(users.map((_count, at) => at + 1));
  const entries = made.flatMap((one) => one.entries);
  expect(new Set(entries.map(({ api_key_id }) => api_key_id)).size).toBe(world.users * (world.keys ?? 1));
  expect(made.at(-1)?.exempt_unused).toEqual(['nobody']);
});

test('a page ends before the time of the invocation does', async () => {
  const { devin, listings } = enterprise({ users: 100, takes: 1_000 });
  const options = { deadline: NOW + 5_000, pageUsers: 1_000, isCompact: false };
  const evaluated = await evaluatePage(devin, START, undefined, options);

  expect(evaluated).toMatchObject({ ok: true, page: { next: '40' } });
  expect(listings).toHaveLength(4);
});

test('a compact page lists keys that never expire by their ids alone, up to 10,000', async () => {
  const { devin } = enterprise({ users: 40, keys: 501 });
  const options = { deadline: NOW + 3_600_000, pageUsers: 1_000, isCompact: true };
  const evaluated = await evaluatePage(devin, START, undefined, options);

  expect(evaluated).toMatchObject({ ok: true, page: { next: '20', entries: [], totals: { warn: 10_020 } } });
  const listed = evaluated.ok ? Object.entries(evaluated.page.no_expiry ?? {}) : [];
  expect(listed).toHaveLength(20);
  for (const [user, ids] of listed) {
    expect(ids).toEqual(Array.from({ length: 501 }, (_, at) => `key-${user}-${at}`));
  }
});

test.each([1, 2, 3, 5, 7])('a cursor that comes again after %i listings ends the list', async (cycle) => {
  const cursor = (end: number): string => `cursor-${(end / LISTED) % cycle}`;
  for (const pageUsers of [1, 40, 1_000]) {
    const { end } = await pages({ users: 5_000, cursor }, pageUsers);
    expect(end).toMatchObject({ ok: false, reason: 'the list of service users repeats the same pages' });
  }
});
