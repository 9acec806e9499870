import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Earlier } from '../../lib/audit/read-earlier.ts';
import type { ReportTrail } from '../../lib/audit/trail.ts';
import { TERM_MS } from '../../lib/aws/lease.ts';
import type { Stored } from '../../lib/aws/write-once-bucket.ts';
import type { ApiKey, KeyListing, Probe } from '../../lib/clients/devin-shapes.ts';
import { onlyPlace } from '../../lib/containment/batch-barrier.ts';
import type { OwnKeyCheck } from '../../lib/containment/check-own-key.ts';
import type { Deps } from '../../lib/containment/deps.ts';
import {
  AFTER_SEARCH_MS,
  type Resolved,
  resolveByIds,
  resolveByToken,
} from '../../lib/containment/resolve-target.ts';
import type { Decided, OnRecord } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import { Token } from '../../lib/domain/token.ts';
import type { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import type { SearchResult } from '../../lib/identify/search-result.ts';
import { devinDouble } from '../support/devin-double.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { report } from '../support/samples.ts';
// Loaded here, since clocks that are played wait for no import.
import '../../lib/containment/handle-dead-token.ts';
import '../../lib/identify/target-by-search.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const SECOND = START / 1_000;
const WINDOW_MS = 2_000;
const service_user_id = 'service-user-a';
const key = { service_user_id, api_key_id: 'key-a' };
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const times = { seenAt: START };
const principal = { principal_type: 'service_user', service_user_id };
const ALIVE: Probe = { state: 'alive', principal, apiSecond: SECOND };
const DEAD: Probe = { state: 'dead' };
const UNKNOWN: Probe = { state: 'unknown', reason: 'HTTP 503', isTransient: true };
const onRecord: OnRecord = {
  status: 'on_record',
  outcome: { status: 'not_found', report_id: report.report_id, reason: 'gone' },
};

let output: Output;
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  output = captureOutput();
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

const entry = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
  ...given,
});
const two = [entry('key-a'), entry('key-b')];
/** A key that was revoked so many seconds ago. */
const ended = (ago: number, id = 'key-b') =>
  entry(id, { is_active: false, revoked_at: SECOND - ago, last_used_at: SECOND });
const alive = (owner: string): Probe => ({ ...ALIVE, principal: { ...principal, service_user_id: owner } });

interface World {
  /** By the number of the probe of the leaked token, from 1. */
  readonly probe?: (probe: number) => Probe;
  /** Whose the admin token is. */
  readonly admin?: Probe;
  readonly standby?: Probe;
  readonly listing?: readonly ApiKey[] | Extract<KeyListing, { ok: false }>;
  /** From the second one on. */
  readonly laterListing?: Extract<KeyListing, { ok: false }>;
  readonly registered?: RegistryEntry;
  readonly intent?: Stored;
  readonly earlier?: Earlier;
  readonly own?: OwnKeyCheck;
  readonly dryRun?: boolean;
  /** What another report's search of the token found. */
  readonly searched?: SearchResult;
  readonly deadline?: number;
}

async function depsOf(world: World) {
  const seen = { probes: 0, intents: [] as unknown[], alive: 0, controls: 0, hidden: 0, listings: 0 };
  const standby = new Token(['cog', 'standby'].join('_'));
  const { store } = memoryBucket();
  if (world.searched) {
    const folder = `leases/token/${token.fingerprint()}/`;
    const now = { deadline: 0 };
    await store.put(`${folder}${Math.floor(START / TERM_MS)}.json`, { holder: 'other' }, now);
    await store.put(`${folder}other.result.json`, world.searched, now);
  }
  const trail: Pick<ReportTrail, 'intent' | 'earlier' | 'history'> = {
    intent: async (given) => {
      seen.intents.push(given);
      return world.intent ?? { result: 'stored' };
    },
    earlier: async () => world.earlier ?? {},
    history: async () => ({ deletions: [], collateral: [] }),
  };
  const devin = devinDouble({
    probe: async (given) => {
      if (given === standby) return world.standby ?? expect.fail('there is no standby token');
      seen.probes += 1;
      return (world.probe ?? (() => ALIVE))(seen.probes);
    },
    probeAdmin: async () => {
      seen.controls += 1;
      return world.admin ?? alive('service-user-admin');
    },
    listKeys: async (id) => {
      expect(id).toBe(service_user_id);
      seen.listings += 1;
      if (seen.listings > 1 && world.laterListing) return world.laterListing;
      const { listing = [entry('key-a')] } = world;
      return 'ok' in listing ? listing : { ok: true, keys: listing };
    },
  });
  const deps = {
    admin: { standby: async () => (world.standby ? standby : undefined) },
    ambiguousKey: 'escalate',
    deadline: world.deadline ?? START + 60_000,
    devin,
    dryRun: world.dryRun ?? false,
    place: {
      ...onlyPlace(),
      whileHidden: (work: Promise<unknown>) => {
        seen.hidden += 1;
        return work;
      },
    },
    proofWindowMs: WINDOW_MS,
    registry: { find: async () => world.registered, recall: async () => undefined },
    search: { store, notify: async () => {}, error: 1e-6, searchMs: world.searched ? 100_000 : 0 },
    trail,
  } as unknown as Deps;
  return { deps, seen };
}

async function byToken(world: World, given: Partial<Report> = {}) {
  const { deps, seen } = await depsOf(world);
  const notOurs: OwnKeyCheck = { isOnlyAdmin: false, facts: {} };
  const leaked = {
    token,
    times,
    checkingOwnKey: Promise.resolve(world.own ?? notOurs),
    onAlive: async () => {
      seen.alive += 1;
    },
  };
  const running = resolveByToken({ ...report, ...given }, leaked, deps);
  await vi.advanceTimersByTimeAsync(20_000);
  return { result: await running, seen };
}

const stored = { status: 'intent_stored' };
const resolved = (attribution: object, intent: object = stored) => ({
  status: 'resolved',
  target: { kind: 'key', key, entry: entry('key-a'), token, firstUse: SECOND, attribution },
  intent,
});
const onlyActive = { method: 'only_active_key', confidence: 'high' };
const decided = (draft: object) => ({ status: 'decided', draft });
const ambiguous = (...ids: string[]) =>
  decided({
    status: 'escalated',
    service_user_id,
    candidates: ids.map((api_key_id) => expect.objectContaining({ api_key_id })),
    reason: expect.stringContaining(`has ${ids.length} keys that the token may be of`),
    next_step: expect.any(String),
  });

describe('ids', () => {
  async function byIds(world: World, given?: Token): Promise<[Resolved | Decided | OnRecord, unknown[]]> {
    const { deps, seen } = await depsOf(world);
    return [await resolveByIds(report, key, given, deps), seen.intents];
  }
  const attribution = { method: 'ids', confidence: 'certain' };

  test('name the key, with its intent recorded', async () => {
    expect(await byIds({})).toEqual([
      { status: 'resolved', target: { kind: 'key', key, attribution }, intent: stored },
      [key],
    ]);
  });

  test('beside a token are held against its owner', async () => {
    const target = { kind: 'key', key, token, firstUse: SECOND, attribution };

    expect((await byIds({}, token))[0]).toEqual({ status: 'resolved', target, intent: stored });
    expect((await byIds({ probe: () => alive('service-user-b') }, token))[0]).toMatchObject({
      draft: { status: 'escalated' },
    });
  });

  test('in a dry run record no intent', async () => {
    const [result, intents] = await byIds({ dryRun: true });

    expect(result).toMatchObject({ status: 'resolved', intent: { status: 'intent_skipped' } });
    expect(intents).toEqual([]);
  });

  test('of a report that has its outcome answer with it', async () => {
    const world: World = { intent: { result: 'exists' }, earlier: { outcome: onRecord.outcome } };

    expect((await byIds(world))[0]).toEqual(onRecord);
  });

  test('of a manual run are not acted on without a stored intent', async () => {
    const { deps } = await depsOf({ intent: { result: 'failed', reason: 'HTTP 503' } });

    expect(await resolveByIds({ ...report, invoked_by: 'console' }, key, undefined, deps)).toMatchObject({
      draft: { status: 'failed', ...key, retryable: true },
    });
  });
});

describe('a token', () => {
  const registered: RegistryEntry = {
    version: 1,
    ...key,
    confidence: 'certain',
    source: 'made',
    method: 'created',
  };

  test.each<[string, World, unknown]>([
    ['is of the only active key', {}, resolved(onlyActive)],
    [
      'is of the key that the registry knows',
      { listing: two, registered },
      resolved({ method: 'registry', confidence: 'certain' }),
    ],
    ['in a dry run records no intent', { dryRun: true }, resolved(onlyActive, { status: 'intent_skipped' })],
    [
      'of a report that has its outcome answers with it',
      { intent: { result: 'exists' }, earlier: { outcome: onRecord.outcome } },
      onRecord,
    ],
    [
      'of another enterprise is left to it',
      { listing: { ok: false, reason: 'HTTP 404', status: 404, retryable: false } },
      decided(
        expect.objectContaining({
          status: 'escalated',
          reason: expect.stringContaining('another enterprise'),
        }),
      ),
    ],
    [
      'of keys that are listed incompletely is left to a person',
      { listing: { ok: false, reason: 'a page is missing', retryable: true, incomplete: true } },
      decided(expect.objectContaining({ status: 'escalated', reason: 'a page is missing' })),
    ],
    [
      'of keys that cannot be listed is tried again',
      { listing: { ok: false, reason: 'HTTP 503', status: 503, retryable: true } },
      decided({ status: 'failed', service_user_id, reason: 'HTTP 503', retryable: true }),
    ],
    [
      'of no key that is listed is still alive',
      { listing: [] },
      decided({
        status: 'still_alive',
        service_user_id,
        reason: 'the token works, yet the listing shows no active key that it could be of',
        retryable: true,
      }),
    ],
  ])('%s', async (_, world, expected) => {
    const { result, seen } = await byToken(world);

    expect(result).toEqual(expected);
    expect(seen.intents).toEqual(world.dryRun ? [] : [{ service_user_id }]);
    expect(seen.alive).toBe(1);
  });

  test('of a principal that is no service user is left to a person, without an intent', async () => {
    const { result, seen } = await byToken({
      probe: () => ({ state: 'alive', principal: { principal_type: 'devin_brain' } }),
    });

    expect(result).toMatchObject({ draft: { status: 'escalated', principal_type: 'devin_brain' } });
    expect(seen).toMatchObject({ alive: 1, intents: [] });
  });

  test('of a manual run is not acted on without a stored intent', async () => {
    const { result } = await byToken(
      { intent: { result: 'failed', reason: 'HTTP 503' } },
      { invoked_by: 'console' },
    );

    expect(result).toMatchObject({ draft: { status: 'failed', service_user_id, retryable: true } });
  });

  test('of which nothing can be seen is tried again, and is not said to live', async () => {
    const { result, seen } = await byToken({ probe: () => UNKNOWN });

    expect(result).toMatchObject({ draft: { status: 'failed', retryable: true } });
    expect(seen).toMatchObject({ alive: 0, intents: [] });
  });

  test('that is answered 401 and proven dead is revoked already', async () => {
    const { result, seen } = await byToken({ probe: () => DEAD });

    expect(result).toMatchObject({ draft: { status: 'already_revoked', owner: 'unknown' } });
    expect(seen).toMatchObject({ probes: 4, alive: 0, intents: [] });
  });

  test('that is answered 401 beside an admin token that is too is not taken for dead', async () => {
    const { result } = await byToken({ probe: () => DEAD, admin: DEAD });

    expect(result).toMatchObject({ draft: { status: 'failed', retryable: true } });
  });

  test('whose first 401 was a stray one goes on with a use that worked', async () => {
    const probe = (count: number): Probe => (count === 1 ? DEAD : { ...ALIVE, apiSecond: SECOND + count });
    const { result, seen } = await byToken({ probe });

    expect(result).toMatchObject({ status: 'resolved', target: { firstUse: SECOND + 3 } });
    expect(seen.alive).toBe(1);
  });

  test('that is answered 401 at some times and works at others is tried again', async () => {
    const { result, seen } = await byToken({ probe: (count) => (count === 2 ? ALIVE : DEAD) });

    expect(result).toEqual(
      decided({
        status: 'failed',
        reason: 'the token is answered 401 at some times and works at others',
        retryable: true,
      }),
    );
    expect(seen.alive).toBe(0);
  });
});

describe('the guard of our own keys', () => {
  const ours: OwnKeyCheck = { isOnlyAdmin: false, facts: { own_key: true } };

  test.each<[string, World, object]>([
    ['stops at a key beside that of the admin token', { admin: ALIVE }, { draft: { status: 'escalated' } }],
    [
      'stops at a key beside that of the standby token',
      { standby: ALIVE },
      { draft: { status: 'escalated' } },
    ],
    [
      'stops while the admin token does not say whose it is',
      { admin: UNKNOWN },
      { draft: { status: 'failed' } },
    ],
    ['stops while the standby token does not', { standby: UNKNOWN }, { draft: { status: 'failed' } }],
    ['lets a token of somebody else pass', { standby: alive('service-user-b') }, { status: 'resolved' }],
    [
      'lets our own leaked token pass, and asks nobody',
      { own: ours, admin: UNKNOWN },
      { status: 'resolved' },
    ],
  ])('%s', async (_, world, expected) => {
    const { result, seen } = await byToken(world);

    expect(result).toMatchObject(expected);
    expect(seen.controls).toBe(world.own === undefined ? 1 : 0);
  });
});

describe('beside a key that ended a moment ago', () => {
  const dying = (count: number): Probe => (count < 3 ? ALIVE : DEAD);
  const byElimination = { attribution: { method: 'elimination', confidence: 'medium' } };
  const died = (named: object, usedByUs: object = { used_by_us_at: '2026-07-30T08:26:40.000Z' }) => ({
    status: 'decided',
    draft: {
      status: 'already_revoked',
      service_user_id,
      ...named,
      evidence: 'token_rejected',
      proof: expect.objectContaining({ method: 'token' }),
      exposure: {
        seen_at: '2026-07-30T08:26:40.000Z',
        proven_at: expect.any(String),
        seconds_to_revoke: expect.any(Number),
        ...('api_key_id' in named && { revoked_at: '2026-07-30T08:26:30.000Z' }),
        ...usedByUs,
      },
    },
  });
  const ofB = { api_key_id: 'key-b', api_key_name: 'the key key-b', ...byElimination };

  test.each<[string, World, object]>([
    ['of that one, without us', { listing: [entry('key-a'), ended(10)], probe: dying }, died(ofB)],
    [
      'of that one, though it is not known when we used it',
      {
        listing: [entry('key-a'), ended(10)],
        probe: (count) => (count < 3 ? { state: 'alive', principal } : DEAD),
      },
      died(ofB, {}),
    ],
    [
      'of no key that is known where two ended',
      { listing: [entry('key-a'), ended(10), ended(10, 'key-c')], probe: dying },
      died({}),
    ],
    [
      'of no key that is known where the listing is refused then',
      {
        listing: [entry('key-a'), ended(10)],
        laterListing: { ok: false, reason: 'HTTP 503', retryable: true },
        probe: dying,
      },
      died({}),
    ],
  ])('a token that dies within the window is %s', async (_, world, expected) => {
    const { result, seen } = await byToken(world);

    expect(result).toStrictEqual(expected);
    expect(seen.hidden).toBe(0);
  });

  test('a token that dies while the admin token is answered 401 too is not taken for dead', async () => {
    const probe = (count: number): Probe => (count === 1 ? ALIVE : DEAD);
    const { result } = await byToken({ listing: [entry('key-a'), ended(10)], probe, admin: DEAD });

    expect(result).toMatchObject({ draft: { status: 'still_alive' } });
  });

  test('a token that works through the window may be of either', async () => {
    const { result, seen } = await byToken({ listing: [entry('key-a'), ended(10)] });

    expect(result).toEqual(ambiguous('key-b', 'key-a'));
    expect(seen).toMatchObject({ hidden: 1 });
    expect(seen.probes).toBeGreaterThan(5);
  });

  test.each<[string, (count: number) => Probe]>([
    ['is answered now so, now so', (count) => (count % 2 === 0 ? DEAD : ALIVE)],
    ['shows nothing', (count) => (count === 1 ? ALIVE : UNKNOWN)],
  ])('a token that %s is tried again, and nothing is revoked for it', async (_, probe) => {
    const { result } = await byToken({ listing: [entry('key-a'), ended(10)], probe });

    expect(result).toEqual(
      decided({
        status: 'still_alive',
        service_user_id,
        reason:
          'a key of the service user ended a moment ago, and it is not clear yet whether the token is dying with it',
        retryable: true,
      }),
    );
  });

  test('that of our only admin token is not waited for, which nothing could be held against', async () => {
    const { result, seen } = await byToken({
      listing: [entry('key-a'), ended(10)],
      own: { isOnlyAdmin: true, facts: { own_key: true } },
    });

    expect(result).toMatchObject({
      draft: { status: 'escalated', reason: expect.stringContaining('the only one') },
    });
    expect(seen.probes).toBe(1);
  });
});

describe('among several keys', () => {
  const found: SearchResult = {
    ended: 'found',
    api_key_id: 'key-a',
    likelihoods: [{ api_key_id: 'key-a', log10: 7 }],
    bound_log10: 6.3,
    error: 1e-6,
    slots: 30,
    uses: 15,
  };

  test('the search names the one, and hides the message meanwhile', async () => {
    const { result, seen } = await byToken({ listing: two, searched: found });

    expect(result).toMatchObject({
      status: 'resolved',
      target: { key, attribution: { method: 'experiment' } },
    });
    expect(seen).toMatchObject({ probes: 1, hidden: 1 });
  });

  test('the search leaves the time for a proof whose answers differ', async () => {
    const needed = START + 1.5 * WINDOW_MS + AFTER_SEARCH_MS;

    const enough = await byToken({ listing: two, searched: found, deadline: needed + 1 });
    expect(enough.result).toMatchObject({ status: 'resolved' });
    vi.setSystemTime(START);
    const little = await byToken({ listing: two, searched: found, deadline: needed });
    expect(little.result).toEqual(ambiguous('key-a', 'key-b'));
  });

  test('a person decides when the search stays open and the token works', async () => {
    expect((await byToken({ listing: two })).result).toEqual(ambiguous('key-a', 'key-b'));
  });

  test('somebody may have revoked the key meanwhile', async () => {
    const { result } = await byToken({ listing: two, probe: (count) => (count === 1 ? ALIVE : DEAD) });

    expect(result).toMatchObject({ draft: { status: 'already_revoked', service_user_id } });
    expect(result).not.toHaveProperty('draft.api_key_id');
    expect(result).not.toHaveProperty('draft.attribution');
  });
});
