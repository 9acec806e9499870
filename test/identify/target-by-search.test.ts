import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TERM_MS } from '../../lib/aws/lease.ts';
import type { Devin } from '../../lib/clients/devin.ts';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import { Token } from '../../lib/domain/token.ts';
import type { OwnedToken } from '../../lib/identify/infer-key.ts';
import type { SearchResult } from '../../lib/identify/search-result.ts';
import { type SearchOptions, targetBySearch } from '../../lib/identify/target-by-search.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const service_user_id = 'service-user-a';
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
  ...given,
});
const keys = [key('key-a'), key('key-b', { last_used_at: 60 }), key('key-c', { last_used_at: 120 })];
const ended = key('key-d', { is_active: false });
const owned: OwnedToken = {
  service_user_id,
  token,
  keys,
  isOnlyAdmin: false,
  ownership: 'other',
  use: { sent: START, answered: START, apiSecond: 7 },
  seenAt: START,
};
const evidence = { bound_log10: 6.3, error: 1e-6, slots: 31, uses: 14 };
const likelihoods = [
  { api_key_id: 'key-b', log10: 6.5 },
  { api_key_id: 'key-c', log10: -2 },
  { api_key_id: 'key-a', log10: -3 },
];
const result = (ended: SearchResult['ended'], more: Partial<SearchResult> = {}): SearchResult => ({
  ended,
  likelihoods,
  ...evidence,
  ...more,
});
const found = result('found', { api_key_id: 'key-b' });
const experiment = {
  method: 'experiment',
  confidence: 'high',
  experiment: { log10_e: 6.5, ...evidence },
};

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

/** The search of another report of the token, which ended as given: this one takes its result. */
async function options(
  searched: SearchResult | undefined,
  more: Partial<SearchOptions> = {},
): Promise<SearchOptions> {
  const { store } = memoryBucket();
  const folder = `leases/token/${token.fingerprint()}/`;
  const now = { deadline: 0 };
  await store.put(`${folder}${Math.floor(START / TERM_MS)}.json`, { holder: 'other' }, now);
  if (searched) await store.put(`${folder}other.result.json`, searched, now);
  const silent = new Proxy({}, { get: () => () => Promise.reject(new Error('not asked')) });
  return {
    devin: silent as Devin,
    store,
    notify: () => Promise.reject(new Error('not asked')),
    report_id: 'console/1',
    ambiguousKey: 'escalate',
    error: 1e-6,
    searchMs: 100_000,
    until: START + 5_000,
    ...more,
  };
}

const decided = (draft: object) => ({ status: 'decided', draft });
const again = (reason: string) => decided({ status: 'failed', service_user_id, reason, retryable: true });
const ranking = (...ids: string[]) => ids.map((api_key_id) => expect.objectContaining({ api_key_id }));
const escalated = (candidates: unknown, reason: string, first: string, more: object = {}) =>
  decided({
    status: 'escalated',
    service_user_id,
    candidates,
    reason,
    next_step: `decide which key it is (the most likely one is named first), and invoke the revoke function with {"service_user_id":"service-user-a","api_key_id":"${first}"}`,
    ...more,
  });
const ambiguous =
  'service-user-a has 3 keys that the token may be of, and their use does not tell which of them leaked';
const sibling = 'service-user-a is our own service user, whose keys are not revoked by inference';

describe('a search', () => {
  test.each<[string, SearchResult, Partial<OwnedToken>, unknown]>([
    [
      'names the key that was found',
      found,
      {},
      {
        status: 'found',
        target: {
          kind: 'key',
          key: { service_user_id, api_key_id: 'key-b' },
          entry: keys[1],
          token,
          firstUse: 7,
          attribution: experiment,
        },
      },
    ],
    [
      'leaves it to a person when the key is of our own service user, with all of them ranked',
      found,
      { ownership: 'sibling' },
      escalated(ranking('key-b', 'key-c', 'key-a'), sibling, 'key-b', { attribution: experiment }),
    ],
    [
      'claims no death when the key that was found ended, and its token works',
      result('found', { api_key_id: 'key-d' }),
      {},
      decided({
        status: 'still_alive',
        service_user_id,
        api_key_id: 'key-d',
        attribution: experiment,
        reason: 'the token is of a key that ended, and it still works',
        retryable: true,
      }),
    ],
    [
      'is tried again when the key that was found is not among ours',
      result('found', { api_key_id: 'key-e' }),
      {},
      again('the key that was found is not listed'),
    ],
    [
      'is tried again when the token died meanwhile',
      result('died'),
      {},
      again('the token was answered 401 while its key was looked for'),
    ],
    [
      'is tried again when another one took over',
      result('stopped'),
      {},
      again('another report of the token took over the search for its key'),
    ],
    [
      'leaves it to a person when it stays open, with the evidence of each',
      result('open'),
      {},
      escalated(
        [
          {
            api_key_id: 'key-b',
            api_key_name: 'the key key-b',
            created_at: '1970-01-01T00:00:00.000Z',
            last_used_at: '1970-01-01T00:01:00.000Z',
            log10_e: 6.5,
          },
          ...ranking('key-c', 'key-a'),
        ],
        ambiguous,
        'key-b',
      ),
    ],
    [
      'ranks by the last use what the evidence does not',
      result('open', { likelihoods: [] }),
      {},
      escalated(
        [
          {
            api_key_id: 'key-c',
            api_key_name: 'the key key-c',
            created_at: '1970-01-01T00:00:00.000Z',
            last_used_at: '1970-01-01T00:02:00.000Z',
          },
          ...ranking('key-b', 'key-a'),
        ],
        ambiguous,
        'key-c',
      ),
    ],
    [
      'ranks a key that the experiment did not know between what speaks for and what speaks against',
      result('open', {
        likelihoods: [
          { api_key_id: 'key-a', log10: 1 },
          { api_key_id: 'key-c', log10: -1 },
        ],
      }),
      {},
      escalated(ranking('key-a', 'key-b', 'key-c'), ambiguous, 'key-a'),
    ],
  ])('%s', async (_, searched, given, expected) => {
    const candidates = searched.api_key_id === ended.api_key_id ? [...keys, ended] : keys;

    expect(await targetBySearch({ ...owned, ...given }, candidates, await options(searched))).toStrictEqual(
      expected,
    );
  });

  test('lists fifty candidates at most, and how many there are', async () => {
    const many = Array.from({ length: 60 }, (_, at) => key(`key-${at}`));

    expect(await targetBySearch(owned, many, await options(result('open')))).toMatchObject({
      draft: {
        candidates: many.slice(0, 50).map(({ api_key_id }) => ({ api_key_id })),
        reason: expect.stringContaining('has 60 keys'),
      },
    });
  });

  test('is put off while another report searches for longer than this one can wait', async () => {
    const running = targetBySearch(owned, keys, await options(undefined));
    await vi.advanceTimersByTimeAsync(6_000);

    expect(await running).toStrictEqual(again('another report of the token is still looking for its key'));
  });

  test('shows no strength of evidence that nobody measured', async () => {
    const none = await options({ ...found, likelihoods: [] });

    expect(await targetBySearch(owned, keys, none)).toMatchObject({
      target: { attribution: { experiment: { log10_e: 0 } } },
    });
  });
});

describe('with revoke_all, a search that stays open', () => {
  const all = (searched: SearchResult) => options(searched, { ambiguousKey: 'revoke_all' });

  test('names each active key, the most likely one first', async () => {
    const [a, b, c] = keys;

    expect(await targetBySearch(owned, [...keys, ended], await all(result('open')))).toStrictEqual({
      status: 'found',
      target: {
        kind: 'candidates',
        service_user_id,
        candidates: [
          { api_key_id: 'key-b', entry: { ...b, log10_e: 6.5 } },
          { api_key_id: 'key-c', entry: { ...c, log10_e: -2 } },
          { api_key_id: 'key-a', entry: { ...a, log10_e: -3 } },
        ],
        token,
        firstUse: 7,
        attribution: { method: 'elimination', confidence: 'high' },
      },
    });
  });

  test.each(['ours', 'sibling', 'unknown'] as const)(
    'names none when the service user may be one of ours: %s',
    async (ownership) => {
      expect(await targetBySearch({ ...owned, ownership }, keys, await all(result('open')))).toStrictEqual(
        escalated(ranking('key-b', 'key-c', 'key-a'), sibling, 'key-b'),
      );
    },
  );

  test('names the key alone when it is found', async () => {
    expect(await targetBySearch(owned, keys, await all(found))).toMatchObject({
      target: { kind: 'key', key: { api_key_id: 'key-b' } },
    });
  });
});
