import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApiKey, KeyListing, ServiceUserListing } from '../../../lib/clients/devin-shapes.ts';
import { type EvaluatedPage, evaluatePage, skewSeconds } from '../../../lib/sweep/keys/evaluate-page.ts';
import type { Page, Start } from '../../../lib/sweep/keys/plan.ts';
import { shortHash } from '../../../lib/sweep/keys/short-hash.ts';

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

async function pages(world: World, pageUsers: number) {
  const { devin, listings } = enterprise(world);
  const made: Page[] = [];
  for (;;) {
    const options = { deadline: NOW + 3_600_000, pageUsers, isCompact: false };
    const end: EvaluatedPage = await evaluatePage(devin, START, made.at(-1), options);
    if (!end.ok) return { pages: made, end, listings };
    made.push(end.page);
    if (end.page.next === null) return { pages: made, end, listings };
  }
}

test.each<[string, World, number, number[]]>([
  ['of one listing', { users: 35 }, 1, [10, 20, 30, 35]],
  ['of as many listings as it takes for its service users', { users: 85 }, 40, [40, 80, 85]],
  ['that ends after 20 s', { users: 50, takes: 10_000 }, 1_000, [20, 40, 50]],
  ['that ends with 2,000 entries', { users: 40, keys: 100 }, 1_000, [20, 40]],
])('a page %s', async (_, world, pageUsers, users) => {
  const { listings, pages: made } = await pages(world, pageUsers);

  expect(made.map(({ totals }) => totals.users)).toEqual(users);
  expect(made.map(({ page }) => page)).toEqual(users.map((_count, at) => at + 1));
  const entries = made.flatMap((one) => one.entries);
  expect(new Set(entries.map(({ api_key_id }) => api_key_id)).size).toBe(world.users * (world.keys ?? 1));
  expect(made.at(-1)?.exempt_unused).toEqual(['nobody']);
  // Each listing is asked for with the cursor of the one before.
  expect(listings).toEqual([null, ...listings.slice(1).map((_listing, at) => String((at + 1) * LISTED))]);
});

test('a page ends before the time of the invocation does', async () => {
  const { devin, listings } = enterprise({ users: 100, takes: 1_000 });
  const options = { deadline: NOW + 5_000, pageUsers: 1_000, isCompact: false };
  const evaluated = await evaluatePage(devin, START, undefined, options);

  expect(evaluated).toMatchObject({ ok: true, page: { next: '40' } });
  expect(listings).toHaveLength(4);
});

test('a compact page lists keys that never expire by their ids alone, up to 10,000', async () => {
  const { devin } = enterprise({ users: 40, keys: 500 });
  const options = { deadline: NOW + 3_600_000, pageUsers: 1_000, isCompact: true };
  const evaluated = await evaluatePage(devin, START, undefined, options);

  expect(evaluated).toMatchObject({ ok: true, page: { next: '20', entries: [], totals: { warn: 10_000 } } });
  const listed = evaluated.ok ? Object.entries(evaluated.page.no_expiry ?? {}) : [];
  expect(listed).toHaveLength(20);
  for (const [user, ids] of listed) {
    expect(ids).toEqual(Array.from({ length: 500 }, (_, at) => `key-${user}-${at}`));
  }
});

test.each([1, 2, 3, 5, 7])('a cursor that comes again after %i listings ends the list', async (cycle) => {
  const cursor = (end: number): string => `cursor-${(end / LISTED) % cycle}`;
  for (const pageUsers of [1, 40, 1_000]) {
    const { end, listings } = await pages({ users: 5_000, cursor }, pageUsers);
    expect(end).toMatchObject({ ok: false, reason: 'the list of service users repeats the same pages' });
    // Within a page it is noticed at once.
    if (pageUsers === 1_000) expect(listings).toHaveLength(cycle + 1);
  }
});

const user = (id: string) => ({ service_user_id: `service-user-${id}`, name: id });
const apiKey = (id: string, times: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id: id,
  api_key_name: 'ci',
  created_at: NOW / 1_000 - DAY,
  is_active: true,
  expires_at: NOW / 1_000 + 100 * DAY,
  revoked_at: null,
  last_used_at: null,
  ...times,
});
const BEFORE: Page = {
  version: 1,
  plan_id: START.plan_id,
  page: 1,
  next: '0',
  totals: { users: 2, keys: 3, active: 3, revoke: 1, warn: 1, rules: { valid: 2, expired: 1 } },
  skew_seconds: 0,
  unlisted: 0,
  earlier_cursor: null,
  seen: [],
  exempt_unused: [],
  entries: [],
};

type Listed = Partial<Extract<ServiceUserListing, { ok: true }>> & { readonly ids: readonly string[] };

/** Evaluates one page of these listings, the last of which ends the list. */
async function evaluate(
  listings: readonly Listed[],
  {
    before,
    keysOf = () => ({ ok: true, keys: [] }),
  }: { before?: Page; keysOf?: (id: string) => KeyListing } = {},
) {
  const asked: string[] = [];
  let at = 0;
  const end = await evaluatePage(
    {
      listServiceUsers: async () => {
        const { ids, ...listing } = listings[at++] ?? expect.fail('no further listing');
        const next = at < listings.length ? String(at) : null;
        return { ok: true, users: ids.map(user), next, total: undefined, date: NOW, ...listing };
      },
      listKeys: async (owner) => {
        asked.push(owner);
        return keysOf(owner);
      },
    },
    START,
    before,
    { deadline: NOW + 3_600_000, pageUsers: 1_000, isCompact: true },
  );
  return { asked, end, page: end.ok ? end.page : undefined };
}

describe('a page that is refused', () => {
  const refused = { ok: false, reason: 'HTTP 503', retryable: true } as const;

  test('has the refusal of its service users', async () => {
    const devin = { listServiceUsers: async () => refused, listKeys: async () => expect.fail('no user') };
    const options = { deadline: NOW + 60_000, pageUsers: 1, isCompact: true };

    expect(await evaluatePage(devin, START, undefined, options)).toEqual(refused);
  });

  test('has the first refusal of its keys, and asks for no more of them', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => String(at));
    let refusals = 0;
    const keysOf = (): KeyListing => ({ ...refused, reason: `HTTP 50${refusals++}` });
    const { asked, end } = await evaluate([{ ids }], { keysOf });

    expect(end).toEqual({ ...refused, reason: 'HTTP 500' });
    expect(asked).toHaveLength(8);
  });

  test('by a total that does not fit is not tried again', async () => {
    const { end } = await evaluate([{ ids: ['a'], total: 100 }]);

    expect(end).toEqual({
      ok: false,
      reason: 'it lists 1 service users of a total of 100',
      retryable: false,
    });
  });
});

describe('a service user that is listed again', () => {
  test.each<[string, readonly Listed[], Page | undefined, string[]]>([
    [
      'in a later listing of the page',
      [{ ids: ['a'] }, { ids: ['b'] }, { ids: ['a'] }],
      undefined,
      ['a', 'b'],
    ],
    ['in the same listing', [{ ids: ['a', 'a', 'b'] }], undefined, ['a', 'b']],
    [
      'of the listing before the page',
      [{ ids: ['a', 'b'] }, { ids: ['c'] }],
      { ...BEFORE, seen: [shortHash('service-user-a')] },
      ['b', 'c'],
    ],
  ])('%s is evaluated once', async (_, listings, before, ids) => {
    const { asked, page } = await evaluate(listings, before && { before });

    expect(asked).toEqual(ids.map((id) => `service-user-${id}`));
    expect(page?.totals.users).toBe(ids.length + (before?.totals.users ?? 0));
  });

  test('is known to the next page from the last listing', async () => {
    const { page } = await evaluate([{ ids: ['a'] }, { ids: ['b', 'c'] }]);

    expect(page?.seen).toEqual(['service-user-b', 'service-user-c'].map(shortHash));
  });
});

test('the figures of a page are those of all pages so far', async () => {
  const before = { ...BEFORE, unlisted: 3 };
  const found: Record<string, KeyListing> = {
    'service-user-a': {
      ok: true,
      keys: [
        apiKey('valid'),
        apiKey('expired', { expires_at: NOW / 1_000 - DAY, is_active: false }),
        apiKey('forever', { expires_at: null }),
      ],
    },
    'service-user-b': { ok: true, keys: [apiKey('valid-too')] },
  };
  const gone: KeyListing = { ok: false, reason: 'HTTP 404', retryable: false, status: 404 };
  const keysOf = (id: string) => found[id] ?? gone;
  const { page } = await evaluate([{ ids: ['a', 'b', 'removed'] }], { before, keysOf });

  expect(page).toMatchObject({
    page: 2,
    totals: {
      users: 5,
      keys: 7,
      active: 6,
      revoke: 2,
      warn: 2,
      rules: { valid: 4, expired: 2, no_expiry: 1 },
    },
    unlisted: 4,
    entries: [{ api_key_id: 'expired' }],
  });
  expect({ ...page?.no_expiry }).toEqual({ 'service-user-a': ['forever'] });
  expect(before).toEqual({ ...BEFORE, unlisted: 3 });
});

describe('the clock', () => {
  test.each([
    [undefined, null],
    [NOW, 0],
    [NOW - 5_900, 5],
    [NOW + 5_900, 5],
  ])('of an answer of %j is %j seconds off', (date, skew) => {
    expect(skewSeconds(date, NOW)).toBe(skew);
  });

  const off = (seconds: number | undefined): Listed => ({
    ids: [],
    date: seconds === undefined ? undefined : NOW - seconds * 1_000,
  });
  test.each<[string, number | null | undefined, readonly (number | undefined)[], number | null]>([
    ['the first answer', undefined, [3], 3],
    ['the first answer, which has no date', undefined, [undefined], null],
    ['the worst answer, when that is the first', undefined, [7, 2], 7],
    ['the worst answer, when that is the last', undefined, [2, 7], 7],
    ['an answer without a date', undefined, [7, undefined, 2], null],
    ['the pages before', 9, [2], 9],
    ['this page, when it is worse', 1, [2], 2],
    ['a page before, which had an answer without a date', null, [2], null],
  ])('of a plan is judged by %s', async (_, skew_seconds, seconds, expected) => {
    const before = skew_seconds === undefined ? {} : { before: { ...BEFORE, skew_seconds } };

    expect((await evaluate(seconds.map(off), before)).page?.skew_seconds).toBe(expected);
  });
});
