import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isLeased, TERM_MS } from '../../lib/aws/lease.ts';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import { Token } from '../../lib/domain/token.ts';
import { type Search, type SearchParts, searchKey } from '../../lib/identify/search-key.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const START = Date.parse('2026-07-30T08:26:30Z');
let output: Output;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  output = captureOutput();
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

const key = (api_key_id: string): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
});

const search = (given: Partial<Search> = {}): Search => ({
  report_id: 'github/acme/web/1/created/20260730T082640000Z',
  service_user_id: 'service-user-a',
  token: new Token(['cog', 'a'.repeat(40)].join('_')),
  candidates: [key('key-a'), key('key-b')],
  error: 1e-6,
  searchMs: 100_000,
  until: START + 150_000,
  ...given,
});

/** Devin as the token of key-a sees it; with `isUncounted`, no use of it shows. */
function world({ isUncounted = false, store = memoryBucket().store } = {}) {
  const used = { at: null as number | null };
  const seen = { uses: 0, published: [] as string[], threads: [] as string[] };
  const second = () => Math.floor(Date.now() / 1_000);
  const parts: SearchParts = {
    store,
    notify: async (subject, text, { thread }) => {
      seen.published.push(`${subject}\n${text}`);
      seen.threads.push(thread);
    },
    devin: {
      async probe() {
        seen.uses += 1;
        if (!isUncounted) used.at = second();
        return { state: 'alive', principal: { principal_type: 'service_user' }, apiSecond: second() };
      },
      listKeys: async () => ({
        ok: true,
        keys: [{ ...key('key-a'), last_used_at: used.at }, key('key-b')],
        apiSecond: second(),
      }),
    },
  };
  return { parts, seen };
}

async function play<T>(running: Promise<T>, ms: number): Promise<T> {
  await vi.advanceTimersByTimeAsync(ms);
  return running;
}

describe('a search', () => {
  test('names the key, with the evidence', async () => {
    const { parts } = world();

    expect(await play(searchKey(parts, search()), 60_000)).toMatchObject({
      status: 'ended',
      result: { ended: 'found', api_key_id: 'key-a', error: 1e-6, bound_log10: 6.301 },
    });
  });

  test('stays open where uses do not show, within its time', async () => {
    const { parts, seen } = world({ isUncounted: true });
    const searched = await play(searchKey(parts, search({ searchMs: 30_000 })), 31_500);

    expect(searched).toMatchObject({ status: 'ended', result: { ended: 'open', uses: seen.uses } });
  });

  test('is not begun without time for it', async () => {
    const { parts, seen } = world();

    for (const none of [{ searchMs: 0 }, { until: START }]) {
      expect(await searchKey(parts, search(none))).toMatchObject({
        status: 'ended',
        result: { ended: 'open', likelihoods: [], bound_log10: Math.log10(2e6), uses: 0 },
      });
    }
    expect(seen).toEqual({ uses: 0, published: [], threads: [] });
  });

  test('shows that a leak of the service user is being dealt with, until it ends', async () => {
    const { store } = memoryBucket();
    const isShown = () => isLeased({ store, folder: 'leases/leak/service-user-a/' });
    const running = searchKey(world({ isUncounted: true, store }).parts, search({ searchMs: 40_000 }));
    await vi.advanceTimersByTimeAsync(35_000);
    expect(await isShown()).toBe(true);

    await vi.advanceTimersByTimeAsync(5_000 + 2 * TERM_MS);
    expect(await isShown()).toBe(false);
    await running;
  });

  test('asks the bucket for no longer than three seconds at a time', async () => {
    const { store } = memoryBucket();
    const limits: unknown[] = [];
    const note = ({ deadline, ...limit }: { readonly deadline: number }) =>
      void limits.push({ ...limit, ms: deadline - Date.now() });
    const noting: SearchParts['store'] = {
      get(path, limit) {
        note(limit);
        return store.get(path, limit);
      },
      put(path, record, limit) {
        note(limit);
        return store.put(path, record, limit);
      },
    };
    const { parts } = world({ store: noting });
    await play(Promise.all([searchKey(parts, search()), searchKey(parts, search())]), 60_000);

    expect(limits.length).toBeGreaterThan(5);
    for (const limit of limits) expect(limit).toEqual({ ms: 3_000, attempts: 3, timeoutMs: 1_500 });
  });

  test('ends at once when the token is answered 401', async () => {
    const { parts } = world();
    const dead = { ...parts.devin, probe: async () => ({ state: 'dead' as const }) };

    expect(await play(searchKey({ ...parts, devin: dead }, search()), 15_000)).toMatchObject({
      result: { ended: 'died' },
    });
  });

  test('goes on though the bucket is down', async () => {
    const { parts } = world({ store: memoryBucket(() => true).store });

    expect(await play(searchKey(parts, search()), 60_000)).toMatchObject({ result: { ended: 'found' } });
  });

  test('is not held back or harmed by a notification that hangs or fails', async () => {
    const { parts } = world();
    const notify = () => new Promise<void>((resolve) => setTimeout(resolve, 40_000));

    expect(await play(searchKey({ ...parts, notify }, search()), 60_000)).toMatchObject({
      result: { ended: 'found' },
    });
  });
});

describe('reports of one token', () => {
  test('share one search and one notification', async () => {
    const { parts, seen } = world();
    const ends: number[] = [];
    const searching = [search(), search(), search()].map((each) =>
      searchKey(parts, each).finally(() => ends.push(Date.now())),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    const [first, ...others] = await Promise.all(searching);

    expect(first).toMatchObject({ status: 'ended', result: { ended: 'found', uses: seen.uses } });
    expect(others).toEqual([first, first]);
    expect(seen.published).toHaveLength(1);
    expect(Math.max(...ends) - Math.min(...ends)).toBeLessThanOrEqual(1_000);
  });

  test('take over the search of one that died', async () => {
    const { store } = memoryBucket();
    const { parts } = world({ store });
    const { token } = search();
    // All that a container leaves that dies at once.
    const folder = `leases/token/${token.fingerprint()}/`;
    await store.put(`${folder}${START / TERM_MS}.json`, { holder: 'dead' }, { deadline: 0 });

    expect(await play(searchKey(parts, search()), 90_000)).toMatchObject({ result: { ended: 'found' } });
  });

  test('come back later when the search of another takes longer than they can wait', async () => {
    const { store } = memoryBucket();
    const { parts } = world({ isUncounted: true, store });
    const long = searchKey(parts, search());
    const brief = searchKey(parts, search({ until: START + 20_500 }));
    const ending = brief.then(() => Date.now());

    expect(await play(brief, 25_000)).toEqual({ status: 'busy' });
    expect(await ending).toBe(START + 20_500);
    await play(long, 120_000);
  });

  test('of another token are searched for side by side', async () => {
    const { store } = memoryBucket();
    const [one, other] = [world({ store }), world({ store })];
    const token = new Token(['cog', 'b'.repeat(40)].join('_'));
    const searching = [searchKey(one.parts, search()), searchKey(other.parts, search({ token }))];
    await vi.advanceTimersByTimeAsync(60_000);

    expect(await Promise.all(searching)).toMatchObject(
      [one, other].map(({ seen }) => ({ result: { ended: 'found', uses: seen.uses } })),
    );
  });

  test('take the result of their own token alone', async () => {
    const { store } = memoryBucket();
    const [one, other] = [world({ store }), world({ isUncounted: true, store })];
    const token = new Token(['cog', 'b'.repeat(40)].join('_'));
    const searching = [one, one, other, other].map(({ parts }) =>
      searchKey(parts, search(parts === other.parts ? { token, searchMs: 40_000 } : {})),
    );
    await vi.advanceTimersByTimeAsync(60_000);

    expect(await Promise.all(searching)).toMatchObject(
      ['found', 'found', 'open', 'open'].map((ended) => ({ result: { ended } })),
    );
  });
});

test('people are told whose keys are told apart and what to do, and no part of the token', async () => {
  const { parts, seen } = world();
  const token = new Token(['cog', 'Secret0Secret1Secret2Secret3'].join('_'));
  await play(searchKey(parts, search({ token })), 60_000);

  const [text = ''] = seen.published;
  expect(text).toContain('A leaked key of service-user-a is being told apart');
  expect(text).toContain('{"service_user_id":"service-user-a","api_key_id":"key-a"}  the key key-a');
  expect(text).toContain('up to 100 seconds');
  expect(text).not.toContain('more');
  expect(seen.threads).toEqual(['github/acme/web/1']);
  const [began, ended] = output.entries();
  expect(began).toMatchObject({
    message: 'telling keys apart',
    report_id: 'github/acme/web/1/created/20260730T082640000Z',
    service_user_id: 'service-user-a',
    keys: 2,
  });
  expect(ended?.SearchSeconds).toBeGreaterThan(1);
  expect(ended?.SearchSeconds).toBeLessThan(60);
  expect(output.entries()).toHaveLength(2);
  expect(text + output.text()).not.toContain('Secret0S');
});

test('people see fifty keys at most, and how many more there are', async () => {
  const { parts, seen } = world({ isUncounted: true });
  const candidates = Array.from({ length: 53 }, (_, at) => key(`key-${at}`));
  await play(searchKey(parts, search({ candidates, searchMs: 5_000 })), 10_000);

  expect(seen.published[0]).toContain('the key key-49\n  and 3 more\n');
});
