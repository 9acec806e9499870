import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { History } from '../../lib/audit/history.ts';
import type { ReportTrail } from '../../lib/audit/trail.ts';
import type { ApiKey, KeyListing, Probe, Revocation } from '../../lib/clients/devin-shapes.ts';
import { collateralOf } from '../../lib/containment/collateral.ts';
import type { Deps } from '../../lib/containment/deps.ts';
import type { IntentResult } from '../../lib/containment/record-intent.ts';
// Loaded here, since clocks that are played wait for no import.
import '../../lib/containment/revoke-candidates.ts';
import { revokeTarget } from '../../lib/containment/revoke-target.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';
import { Token } from '../../lib/domain/token.ts';
import type { Target } from '../../lib/identify/target.ts';
import { devinDouble } from '../support/devin-double.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const SECOND = START / 1_000;
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const report_id = 'github/acme/webshop/42/created/20260730T082640000Z';
const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const ALIVE: Probe = { state: 'alive', principal: { principal_type: 'service_user' } };
const attribution = { method: 'ids', confidence: 'certain' } as const;
const target: Extract<Target, { kind: 'key' }> = { kind: 'key', key, attribution };

let output: Output;
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  output = captureOutput();
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

const entry = (given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'ci',
  created_at: 0,
  is_active: true,
  ...given,
});
const dead = (ago: number, given: Partial<ApiKey> = {}) =>
  entry({ is_active: false, revoked_at: SECOND - ago, ...given });
const answered = (answer: 'revoked' | 'already_revoked' | 'not_found', uncertain = false): Revocation => ({
  ok: true,
  answer,
  status: 200,
  uncertain,
});
const refused = (status: number, more: object = {}): Revocation => ({
  ok: false,
  reason: `HTTP ${status}`,
  status,
  retryable: true,
  ...more,
});
const listing = (...keys: ApiKey[]): KeyListing => ({
  ok: true,
  keys: [entry({ api_key_id: 'key-0', api_key_name: 'another' }), ...keys],
});
const listingRefused = (status: number): KeyListing => ({
  ok: false,
  reason: `HTTP ${status}`,
  status,
  retryable: true,
});
const deletion = (given: Partial<Deletion> = {}): Deletion => ({
  ...key,
  sent_at: START - 60_000,
  answer: 'unanswered',
  ...given,
});
const earlier = (history: Partial<History>): IntentResult => ({
  status: 'intent_stored',
  earlier: { intentTime: START - 70_000, history: { deletions: [], collateral: [], ...history } },
});

interface World {
  readonly answer: Revocation;
  /** In the order in which they are asked for; the last one stands. */
  readonly listings?: readonly KeyListing[];
  readonly probe?: Probe;
  readonly control?: Probe;
  readonly target?: Target;
  readonly intent?: IntentResult;
  readonly isOnlyAdmin?: true;
  readonly recheck?: Deps['recheck'];
}

async function revoke(world: World) {
  const seen = { deletes: 0, listings: 0, controls: 0 };
  const { answer, control = ALIVE, listings = [listing(entry())], probe = { state: 'dead' } } = world;
  const devin = devinDouble({
    probe: async () => probe,
    probeAdmin: async () => {
      seen.controls += 1;
      return control;
    },
    listKeys: async () => {
      seen.listings += 1;
      return listings[Math.min(seen.listings, listings.length) - 1] ?? expect.fail('nothing is to be listed');
    },
    revokeKey: async (given) => {
      expect(given).toEqual(key);
      seen.deletes += 1;
      return answer;
    },
  });
  const trail: Pick<ReportTrail, 'intent' | 'markDelete' | 'deleteEnded'> = {
    intent: async () => ({ result: 'stored' }),
    markDelete: async () => {},
    deleteEnded: () => {},
  };
  const running = revokeTarget(
    world.target ?? { ...target, token },
    {
      report_id,
      intent: world.intent ?? { status: 'intent_stored' },
      own: { isOnlyAdmin: world.isOnlyAdmin ?? false, facts: {} },
      times: { seenAt: START - 1_000 },
    },
    { deadline: START + 60_000, devin, proofWindowMs: 1_000, recheck: world.recheck, trail } as Deps,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  return { draft: await running, seen };
}

const byToken = {
  proof: { method: 'token', probes: 3, spread_ms: 300, at: START + 300 },
  evidence: 'token_rejected',
};
const exposure = (more: object = {}) => ({
  seen_at: at(-1),
  proven_at: at(0.3),
  seconds_to_revoke: 1.3,
  ...more,
});
const named = { ...key, api_key_name: 'ci', attribution };

describe('a key', () => {
  test('that a DELETE killed is revoked', async () => {
    const { draft, seen } = await revoke({ answer: answered('revoked') });

    expect(draft).toStrictEqual({
      status: 'revoked',
      ...named,
      ...byToken,
      exposure: exposure({ revoked_at: at(0) }),
    });
    expect(seen).toEqual({ deletes: 1, listings: 1, controls: 3 });
    expect(output.entries()).toMatchObject([
      { message: 'revoked', report_id, ...key },
      { message: 'proven dead', report_id, ...key },
    ]);
  });

  test('that was listed already is not listed again', async () => {
    const { draft, seen } = await revoke({
      answer: answered('revoked'),
      target: { ...target, token, entry: entry({ last_used_at: SECOND - 50 }), firstUse: SECOND - 5 },
      listings: [],
    });

    expect(draft).toMatchObject({ api_key_name: 'ci', exposure: { last_used_at: at(-50) } });
    expect(seen.listings).toBe(0);
  });

  test.each<[string, World, object]>([
    [
      'that somebody else revoked is not claimed, though its listing is read once more for when that was',
      { answer: answered('already_revoked'), listings: [listing(entry()), listing(dead(9))] },
      {
        status: 'already_revoked',
        ...named,
        ...byToken,
        exposure: exposure({ revoked_at: at(-9) }),
      },
    ],
    [
      'is claimed when the answer to its DELETE was lost and the listing shows it taken then',
      { answer: answered('already_revoked', true), listings: [listing(entry()), listing(dead(-1))] },
      {
        status: 'revoked',
        ...named,
        ...byToken,
        evidence: 'recovered',
        exposure: exposure({ revoked_at: at(1) }),
      },
    ],
    [
      'is not claimed for a lost answer when it died before',
      { answer: answered('already_revoked', true), listings: [listing(entry()), listing(dead(9))] },
      { status: 'already_revoked', ...named, ...byToken, exposure: exposure({ revoked_at: at(-9) }) },
    ],
    [
      'is claimed for the DELETE of an earlier delivery',
      {
        answer: answered('already_revoked'),
        listings: [listing(dead(59))],
        intent: earlier({ deletions: [deletion()] }),
      },
      {
        status: 'revoked',
        ...named,
        ...byToken,
        evidence: 'recovered',
        exposure: exposure({ revoked_at: at(-59) }),
      },
    ],
    [
      'is not claimed for the DELETE of another key, which the outcome names as lost',
      {
        answer: answered('already_revoked'),
        listings: [listing(dead(59))],
        intent: earlier({ deletions: [deletion({ api_key_id: 'key-b', answer: 'revoked' })] }),
      },
      {
        status: 'already_revoked',
        ...named,
        ...byToken,
        exposure: exposure({ revoked_at: at(-59) }),
        collateral: [collateralOf(key.service_user_id, { api_key_id: 'key-b', api_key_name: '' })],
      },
    ],
    [
      'is claimed by the clock of the API',
      {
        answer: answered('already_revoked', true),
        listings: [listing(entry()), { ...listing(dead(-600)), apiSecond: SECOND + 600 } as KeyListing],
      },
      {
        status: 'revoked',
        ...named,
        ...byToken,
        evidence: 'recovered',
        exposure: exposure({ revoked_at: at(600) }),
      },
    ],
    [
      'without a token is proven dead by its listing',
      { answer: answered('revoked'), target, listings: [listing(entry()), listing(dead(-1))] },
      {
        status: 'revoked',
        ...named,
        evidence: 'listed_inactive',
        proof: { method: 'listing', probes: 1, at: START },
        exposure: { seen_at: at(-1), revoked_at: at(1), proven_at: at(0), seconds_to_revoke: 1 },
      },
    ],
    [
      'whose last use was seen before ours keeps that one',
      {
        answer: answered('already_revoked'),
        target: { ...target, token, firstUse: SECOND - 5 },
        listings: [listing(entry({ last_used_at: SECOND - 50 })), listing(dead(9, { last_used_at: SECOND }))],
      },
      {
        status: 'already_revoked',
        ...named,
        ...byToken,
        exposure: exposure({ revoked_at: at(-9), last_used_at: at(-50), used_by_us_at: at(-5) }),
      },
    ],
    [
      'has no use that an earlier delivery may explain',
      {
        answer: answered('revoked'),
        target: { ...target, token, entry: entry({ last_used_at: SECOND - 79 }) },
        intent: earlier({}),
      },
      { status: 'revoked', ...named, ...byToken, exposure: exposure({ revoked_at: at(0) }) },
    ],
    [
      'that nothing can be listed of is revoked all the same',
      { answer: answered('revoked'), listings: [listingRefused(503)] },
      { status: 'revoked', ...key, attribution, ...byToken, exposure: exposure({ revoked_at: at(0) }) },
    ],
  ])('%s', async (_, world, expected) => {
    expect((await revoke(world)).draft).toStrictEqual(expected);
  });

  test.each<[string, World, object]>([
    [
      'that lives after its DELETE is still alive',
      { answer: answered('revoked'), probe: ALIVE },
      { status: 'still_alive', ...key, reason: 'the token still authenticates after the proof window' },
    ],
    [
      'whose death nothing shows is not proven dead',
      { answer: answered('revoked'), probe: { state: 'unknown', reason: 'HTTP 503', isTransient: true } },
      { status: 'failed', reason: expect.stringContaining('which is not proven') },
    ],
    [
      'whose DELETE is refused is not revoked',
      { answer: refused(503), listings: [] },
      { status: 'failed', ...key, reason: 'HTTP 503', retryable: true, attribution },
    ],
    [
      'that Devin does not know is the wrong one while its token works',
      { answer: answered('not_found'), listings: [listing()] },
      { status: 'escalated', ...key, attribution, reason: expect.stringContaining('the wrong key') },
    ],
    [
      'that Devin does not know is not found, without a token that works',
      { answer: answered('not_found'), target, listings: [listing()] },
      { status: 'not_found', ...key, attribution },
    ],
  ])('%s', async (_, world, expected) => {
    expect((await revoke(world)).draft).toMatchObject(expected);
  });

  test('that is not proven dead is logged as that', async () => {
    await revoke({ answer: answered('already_revoked'), probe: ALIVE });

    expect(output.entries()).toMatchObject([
      { message: 'already revoked' },
      { message: 'not proven dead', report_id, ...key },
    ]);
  });
});

describe('right before the DELETE', () => {
  const notDue: OutcomeDraft = { status: 'ignored', reason: 'not due any more' };

  test('what is not due any more is spared', async () => {
    const asked: unknown[] = [];
    const { draft, seen } = await revoke({
      answer: answered('revoked'),
      listings: [],
      recheck: async (given) => {
        asked.push(given);
        return notDue;
      },
    });

    expect(draft).toEqual({ ...notDue, attribution });
    expect(asked).toEqual([key]);
    expect(seen.deletes).toBe(0);
  });

  test('what is due is revoked', async () => {
    const { draft } = await revoke({ answer: answered('revoked'), recheck: async () => undefined });

    expect(draft.status).toBe('revoked');
  });
});

describe('the key of our only admin token', () => {
  const own = { isOnlyAdmin: true, listings: [], control: { state: 'dead' } } as const;

  test('is proven dead without a control or a listing, which nobody could read any more', async () => {
    const { draft, seen } = await revoke({ ...own, answer: answered('revoked') });

    expect(draft).toMatchObject({ status: 'revoked', ...byToken });
    expect(seen).toEqual({ deletes: 1, listings: 0, controls: 0 });
  });

  test('is not listed after a 409 either', async () => {
    expect((await revoke({ ...own, answer: answered('already_revoked') })).seen.listings).toBe(0);
  });

  test('is presumed revoked when it is refused after an answer that was lost', async () => {
    const { draft } = await revoke({ ...own, answer: refused(401, { uncertain: true }) });

    expect(draft).toMatchObject({ status: 'revoked', evidence: 'recovered' });
  });

  const ownKey = {
    status: 'failed',
    own_key: true,
    next_step: expect.stringContaining('put a new one into its secret'),
  };
  test('is recognised when its ids were reported and the admin token died with it', async () => {
    const world = { answer: answered('revoked'), target, listings: [listing(entry()), listingRefused(401)] };

    expect((await revoke(world)).draft).toMatchObject(ownKey);
  });

  test.each<[string, World]>([
    [
      'the listing is down',
      { answer: answered('revoked'), target, listings: [listing(entry()), listingRefused(503)] },
    ],
    ['the token works', { answer: answered('revoked'), probe: ALIVE }],
    ['it is dead', { answer: answered('revoked') }],
  ])('is not suspected while %s', async (_, world) => {
    expect((await revoke(world)).draft).not.toHaveProperty('own_key');
  });
});

test('candidates are revoked one by one', async () => {
  const { draft, seen } = await revoke({
    answer: answered('revoked'),
    listings: [],
    target: {
      kind: 'candidates',
      service_user_id: key.service_user_id,
      candidates: [{ api_key_id: 'key-a', entry: entry() }],
      token,
      attribution: { method: 'elimination', confidence: 'high' },
    },
  });

  expect(draft).toMatchObject({
    status: 'revoked',
    ...key,
    attribution: { method: 'elimination', confidence: 'high' },
  });
  expect(seen.deletes).toBe(1);
});
