import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type History, NO_HISTORY } from '../../lib/audit/history.ts';
import type { Earlier } from '../../lib/audit/read-earlier.ts';
import type { Devin } from '../../lib/clients/devin.ts';
import type { ApiKey, KeyListing, Probe } from '../../lib/clients/devin-shapes.ts';
import { collateralOf } from '../../lib/containment/collateral.ts';
import { handleDeadToken } from '../../lib/containment/handle-dead-token.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';
import { Token } from '../../lib/domain/token.ts';
import type { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import { devinDouble } from '../support/devin-double.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const SECOND = START / 1_000;
const owner = 'service-user-a';
const times = { seenAt: START - 1_000, leakedAt: START - 60_000 };
const ALIVE: Probe = { state: 'alive', principal: { principal_type: 'service_user' } };
const UNKNOWN: Probe = { state: 'unknown', reason: 'HTTP 503', isTransient: true };

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
  ...given,
});
/** A key that ended so many seconds ago. */
const ended = (id: string, ago: number, given: Partial<ApiKey> = {}) =>
  key(id, { is_active: false, revoked_at: SECOND - ago, ...given });
const deletion = (api_key_id: string, given: Partial<Deletion> = {}): Deletion => ({
  service_user_id: owner,
  api_key_id,
  sent_at: START - 30_000,
  answer: 'revoked',
  ...given,
});
const known: RegistryEntry = {
  version: 1,
  service_user_id: owner,
  api_key_id: 'key-a',
  confidence: 'certain',
  source: 'made',
  method: 'created',
};
const intent = { service_user_id: owner, time: START - 40_000 };

interface World {
  readonly earlier?: Earlier;
  readonly known?: RegistryEntry;
  readonly history?: Partial<History>;
  readonly keys?: readonly ApiKey[] | Extract<KeyListing, { ok: false }>;
  /** Seconds by which the API's clock is ahead of ours. */
  readonly ahead?: number;
  readonly probe?: Devin['probe'];
}

async function handle({ ahead, earlier = {}, history, keys, probe, ...world }: World) {
  const devin = devinDouble({
    probe: probe ?? (async () => ({ state: 'dead' })),
    probeAdmin: async () => ALIVE,
    listKeys: async (id) => {
      expect(id).toBe(owner);
      if (keys === undefined) return expect.fail('nothing is to be listed');
      if ('ok' in keys) return keys;
      const apiSecond = ahead === undefined ? undefined : Math.floor(Date.now() / 1_000) + ahead;
      return { ok: true, keys, apiSecond };
    },
  });
  const trail = {
    earlier: async () => earlier,
    history: async () =>
      earlier.intent === undefined ? expect.fail('there is no history') : { ...NO_HISTORY, ...history },
  };
  const registry = { recall: async () => world.known };
  const token = new Token(['cog', 'not-a-real-one'].join('_'));
  const proving = { deadline: START + 60_000, windowMs: 1_000, control: true };
  const handling = handleDeadToken({ token, times }, devin, { registry, trail }, proving);
  await vi.advanceTimersByTimeAsync(5_000);
  return handling;
}

const draft = (given: object) => ({
  status: 'decided',
  draft: expect.objectContaining({
    proof: { method: 'token', probes: 3, spread_ms: expect.any(Number), at: expect.any(Number) },
    ...given,
  }),
});
const ours = (id: string, confidence: string, more: object = {}) =>
  draft({
    status: 'revoked',
    service_user_id: owner,
    api_key_id: id,
    attribution: { method: 'intent', confidence },
    evidence: 'recovered',
    ...more,
  });
const theirs = (more: object) =>
  draft({ status: 'already_revoked', service_user_id: owner, evidence: 'dead_on_arrival', ...more });
const byElimination = (api_key_id: string) => ({
  api_key_id,
  attribution: { method: 'elimination', confidence: 'medium' },
});

describe('a token that is dead on arrival', () => {
  test('answers with the outcome that is on record', async () => {
    const outcome: Outcome = { status: 'not_found', report_id: 'github/a/1', reason: 'gone' };

    expect(await handle({ earlier: { outcome, intent }, known })).toEqual({ status: 'on_record', outcome });
  });

  test('goes on as a live one when its 401 was a stray one, at the first answer', async () => {
    let probes = 0;
    const probe = async () => {
      probes += 1;
      return ALIVE;
    };

    expect(await handle({ probe })).toEqual({ status: 'alive' });
    expect(probes).toBe(1);
  });

  test('is tried again while nothing can be seen', async () => {
    expect(await handle({ probe: async () => UNKNOWN })).toEqual({
      status: 'decided',
      draft: {
        status: 'failed',
        reason:
          "the token is answered 401 at first, which alone proves nothing: the token's probe proves nothing: HTTP 503",
        retryable: true,
      },
    });
  });

  test('is of nobody when no record names it, and nothing is claimed of it', async () => {
    const result = await handle({});

    expect(result).toEqual(
      draft({
        status: 'already_revoked',
        evidence: 'dead_on_arrival',
        owner: 'unknown',
        exposure: {
          seen_at: '2026-07-30T08:26:39.000Z',
          leaked_at: '2026-07-30T08:25:40.000Z',
          proven_at: expect.any(String),
          seconds_to_revoke: expect.any(Number),
        },
      }),
    );
    expect(result).not.toHaveProperty('draft.service_user_id');
    expect(result).not.toHaveProperty('draft.attribution');
  });
});

describe('a token that died of this report', () => {
  test.each<[string, World, unknown]>([
    [
      'is revoked when a DELETE of an earlier delivery was answered 200',
      { keys: [ended('key-a', 30)], history: { deletions: [deletion('key-a')] } },
      ours('key-a', 'high', { api_key_name: 'the key key-a' }),
    ],
    [
      'is revoked when the answer to a DELETE was lost and the listing shows it taken then',
      {
        keys: [ended('key-a', 29)],
        history: { deletions: [deletion('key-a', { answer: 'unanswered' })] },
      },
      ours('key-a', 'high'),
    ],
    [
      'is revoked by a lost DELETE by the clock of the API',
      {
        ahead: 600,
        keys: [ended('key-a', 29 - 600)],
        history: { deletions: [deletion('key-a', { answer: 'unanswered' })] },
      },
      ours('key-a', 'high'),
    ],
    [
      'is revoked though nothing can be listed',
      {
        keys: { ok: false, reason: 'HTTP 503', retryable: true },
        history: { deletions: [deletion('key-a')] },
      },
      ours('key-a', 'high'),
    ],
    [
      'is of the last of several that were revoked for it, and that is not sure',
      {
        keys: [ended('key-a', 30), ended('key-b', 20)],
        history: { deletions: [deletion('key-a'), deletion('key-b', { sent_at: START - 20_000 })] },
      },
      ours('key-b', 'medium', {
        collateral: [collateralOf(owner, { api_key_id: 'key-a', api_key_name: '' })],
      }),
    ],
    [
      'is sure of a key that was revoked twice',
      { keys: [], history: { deletions: [deletion('key-a'), deletion('key-a')] } },
      ours('key-a', 'high'),
    ],
    [
      'is of the known key among several that were revoked for it',
      {
        known,
        keys: [ended('key-a', 30), ended('key-b', 20)],
        history: { deletions: [deletion('key-a'), deletion('key-b')] },
      },
      ours('key-a', 'high', { collateral: [collateralOf(owner, { api_key_id: 'key-b', api_key_name: '' })] }),
    ],
  ])('%s', async (_, world, expected) => {
    expect(await handle({ earlier: { intent }, ...world })).toEqual(expected);
  });
});

describe('a token that died of something else', () => {
  test.each<[string, World, unknown]>([
    [
      'is of the known key, as sure as that is',
      { known: { ...known, own_key: true }, keys: [ended('key-a', 500), ended('key-b', 1)] },
      theirs({
        api_key_id: 'key-a',
        api_key_name: 'the key key-a',
        own_key: true,
        attribution: { method: 'fingerprint', confidence: 'certain' },
      }),
    ],
    [
      'is of the known key though a DELETE of another one took effect',
      { earlier: { intent }, known, keys: [], history: { deletions: [deletion('key-b')] } },
      theirs({ api_key_id: 'key-a', attribution: { method: 'fingerprint', confidence: 'certain' } }),
    ],
    [
      'is not claimed for a DELETE that was refused',
      {
        earlier: { intent },
        keys: [ended('key-a', 30)],
        history: { deletions: [deletion('key-a', { answer: 'refused' })] },
      },
      theirs(byElimination('key-a')),
    ],
    [
      'is not claimed for a lost DELETE when the listing shows it taken before',
      {
        earlier: { intent },
        keys: [ended('key-a', 200)],
        history: { deletions: [deletion('key-a', { answer: 'unanswered' })] },
      },
      theirs(byElimination('key-a')),
    ],
    [
      'is not claimed for a DELETE under another service user',
      {
        earlier: { intent },
        keys: [ended('key-a', 30)],
        history: { deletions: [deletion('key-a', { service_user_id: 'service-user-b' })] },
      },
      theirs(byElimination('key-a')),
    ],
    [
      'is of the key that the intent names',
      { earlier: { intent: { ...intent, api_key_id: 'key-b' } }, keys: [ended('key-a', 1), key('key-b')] },
      theirs({ ...byElimination('key-b'), api_key_name: 'the key key-b' }),
    ],
    [
      'is of the only key that ended since the intent',
      { earlier: { intent }, keys: [ended('key-a', 30), ended('key-b', 3_000), key('key-c')] },
      theirs(byElimination('key-a')),
    ],
  ])('%s', async (_, world, expected) => {
    expect(await handle(world)).toEqual(expected);
  });

  test.each<[string, readonly ApiKey[]]>([
    ['two ended since the intent', [ended('key-a', 30), ended('key-b', 20)]],
    ['none ended since the intent', [ended('key-a', 3_000), key('key-b')]],
  ])('names no key while %s', async (_, keys) => {
    const result = await handle({ earlier: { intent }, keys });

    expect(result).toEqual(theirs({}));
    expect(result).not.toHaveProperty('draft.api_key_id');
    expect(result).not.toHaveProperty('draft.attribution');
    expect(result).not.toHaveProperty('draft.api_key_name');
  });
});

describe('when the key was last used by others', () => {
  const used = (ago: number) => [ended('key-a', 1, { last_used_at: SECOND - ago })];
  const at = (ago: number) => new Date(START - ago * 1_000).toISOString();
  const usedByUs = { ...known, used_by_us_at: at(50) };

  test.each<[string, World, object]>([
    [
      'is its last use, ten seconds and one before the intent',
      { earlier: { intent }, keys: used(52) },
      { last_used_at: at(52), used_after_leak: true },
    ],
    ['is not known from a use that may be ours', { earlier: { intent }, keys: used(51) }, {}],
    [
      'is its last use, before ours that is known',
      { known: usedByUs, keys: used(60) },
      { last_used_at: at(60), used_by_us_at: at(50), used_after_leak: true },
    ],
    [
      'is what an earlier report found out',
      { known: { ...usedByUs, last_used_at: at(70) }, keys: used(45) },
      { last_used_at: at(70), used_by_us_at: at(50), used_after_leak: false },
    ],
    ['is not known when our own use is not', { known, keys: used(60) }, {}],
  ])('%s', async (_, world, expected) => {
    const result = await handle(world);

    expect(result).toEqual(
      draft({
        exposure: {
          seen_at: at(1),
          leaked_at: at(60),
          revoked_at: at(1),
          proven_at: at(-0.3),
          seconds_to_revoke: 1.3,
          ...expected,
        },
      }),
    );
  });
});
