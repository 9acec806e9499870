import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApiKey, Probe, Revocation } from '../../lib/clients/devin-shapes.ts';
import { collateralOf } from '../../lib/containment/collateral.ts';
import { revokeCandidates } from '../../lib/containment/revoke-candidates.ts';
import { Token } from '../../lib/domain/token.ts';
import { devinDouble } from '../support/devin-double.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const WINDOW_MS = 2_000;
const service_user_id = 'service-user-a';
const ALIVE: Probe = { state: 'alive', principal: { principal_type: 'service_user' } };
const DEAD: Probe = { state: 'dead' };
const UNKNOWN: Probe = { state: 'unknown', reason: 'HTTP 503', isTransient: true };

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

const entry = (api_key_id: string): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
});
const answered = (answer: 'revoked' | 'already_revoked' | 'not_found'): Revocation => ({
  ok: true,
  answer,
  status: 200,
  uncertain: false,
});
const forbidden: Revocation = { ok: false, reason: 'HTTP 403', status: 403, retryable: false };

interface World {
  /** What the token is answered once these keys were revoked. */
  readonly probe?: (revoked: readonly string[], probe: number) => Probe;
  readonly answers?: Readonly<Record<string, Revocation>>;
  /** What the admin token is answered beside it. */
  readonly control?: Probe;
  /** The candidate whose intent is not stored. */
  readonly noIntent?: string;
  /** Milliseconds that there are in all. */
  readonly ms?: number;
}

async function revoke({ answers = {}, control = ALIVE, ms = 60_000, noIntent, probe = () => ALIVE }: World) {
  const steps: string[] = [];
  const revoked: string[] = [];
  let probes = 0;
  const devin = devinDouble({
    probe: async () => probe(revoked, ++probes),
    probeAdmin: async () => control,
    listKeys: async () => ({ ok: true, keys: [] }),
    revokeKey: async ({ api_key_id }, retry) => {
      expect(retry).toEqual({ deadline: START + ms });
      steps.push(`DELETE ${api_key_id}`);
      revoked.push(api_key_id);
      return answers[api_key_id] ?? answered('revoked');
    },
  });
  const running = revokeCandidates(
    {
      kind: 'candidates',
      service_user_id,
      candidates: ['key-a', 'key-b'].map((api_key_id) => ({ api_key_id, entry: entry(api_key_id) })),
      token: new Token(['cog', 'not-a-real-one'].join('_')),
      attribution: { method: 'elimination', confidence: 'high' },
    },
    devin,
    {
      intent: async ({ api_key_id }, options) => {
        steps.push(`intent ${api_key_id}${options?.ofCandidate ? ' as a candidate' : ''}`);
        return api_key_id === noIntent ? { result: 'failed', reason: 'HTTP 503' } : { result: 'stored' };
      },
      markDelete: async () => {},
      deleteEnded: () => {},
    },
    { deadline: START + ms, windowMs: WINDOW_MS },
  );
  await vi.advanceTimersByTimeAsync(30_000);
  return { result: await running, steps };
}

const first = ['intent key-a as a candidate', 'DELETE key-a'];
const both = [...first, 'intent key-b as a candidate', 'DELETE key-b'];
const lost = (id: string) => collateralOf(service_user_id, entry(id));
const deleted = (id: string, answer: string, collateral: object[]) => ({
  status: 'deleted',
  key: { service_user_id, api_key_id: id },
  accepted: { answer },
  deletion: { service_user_id, api_key_id: id, sent_at: expect.any(Number), answer },
  proof: { status: 'dead', proof: expect.objectContaining({ method: 'token' }) },
  entry: entry(id),
  collateral,
});
const decided = (draft: object) => ({ status: 'decided', draft: { service_user_id, ...draft } });
const alive = (collateral: object[], rest: string) =>
  decided({
    status: 'still_alive',
    collateral,
    reason: `the token is not dead after ${collateral.length} of its candidates were revoked; ${rest}`,
    retryable: true,
  });

describe('candidates', () => {
  test.each<[string, World, unknown, string[]]>([
    [
      'are spared once the token is dead',
      { probe: (revoked) => (revoked.includes('key-a') ? DEAD : ALIVE) },
      deleted('key-a', 'revoked', []),
      first,
    ],
    [
      'that did not kill the token are collateral',
      { probe: (revoked) => (revoked.includes('key-b') ? DEAD : ALIVE) },
      deleted('key-b', 'revoked', [lost('key-a')]),
      both,
    ],
    [
      'that somebody else revoked are not claimed',
      { answers: { 'key-a': answered('already_revoked') }, probe: () => DEAD },
      deleted('key-a', 'already_revoked', []),
      first,
    ],
    [
      'that are gone cost nothing',
      {
        answers: { 'key-a': answered('not_found') },
        probe: (revoked) => (revoked.length > 1 ? DEAD : ALIVE),
      },
      deleted('key-b', 'revoked', []),
      both,
    ],
    [
      'leave the token alive when it is of none',
      {},
      alive([lost('key-a'), lost('key-b')], 'no other candidate is left'),
      both,
    ],
    [
      'are not revoked without a stored intent',
      { noIntent: 'key-a' },
      decided({
        status: 'failed',
        collateral: [],
        reason: 'no candidate is revoked without a stored intent: HTTP 503',
        retryable: true,
      }),
      ['intent key-a as a candidate'],
    ],
    [
      'are named as lost when the next intent is not stored',
      { noIntent: 'key-b' },
      decided({
        status: 'failed',
        collateral: [lost('key-a')],
        reason: 'no candidate is revoked without a stored intent: HTTP 503',
        retryable: true,
      }),
      both.slice(0, 3),
    ],
    [
      'are left when a DELETE is refused',
      { answers: { 'key-a': forbidden } },
      decided({
        status: 'failed',
        api_key_id: 'key-a',
        collateral: [],
        reason: 'HTTP 403',
        retryable: false,
      }),
      first,
    ],
    [
      'are spared while nothing can be seen of the token',
      { probe: () => UNKNOWN },
      alive([lost('key-a')], 'it is not clear yet whether it is dying'),
      first,
    ],
    [
      'are spared while the admin token is answered 401 as well, which proves nothing of the other',
      { probe: (revoked) => (revoked.length > 0 ? DEAD : ALIVE), control: DEAD },
      alive([lost('key-a')], 'it is not clear yet whether it is dying'),
      first,
    ],
    [
      'are spared while the token is answered now so, now so',
      { probe: (_revoked, probe) => (probe % 2 === 0 ? DEAD : ALIVE) },
      alive([lost('key-a')], 'it is not clear yet whether it is dying'),
      first,
    ],
    [
      'are left to the next delivery without the time for a whole proof',
      { ms: 5_000 },
      alive([lost('key-a')], 'the other candidates are left to the next delivery'),
      first,
    ],
    [
      'begin with the first, which the search left the time for',
      { ms: 2_500, probe: (revoked) => (revoked.length > 0 ? DEAD : ALIVE) },
      deleted('key-a', 'revoked', []),
      first,
    ],
  ])('%s', async (_, world, expected, expectedSteps) => {
    const { result, steps } = await revoke(world);

    expect(result).toEqual(expected);
    expect(steps).toEqual(expectedSteps);
  });

  test('need the time for a proof whose answers differ, and for the DELETE', async () => {
    // The proof of the first one ends when its window does.
    const proof = 2_000;
    const needed = 1.5 * WINDOW_MS + 2_000;

    expect((await revoke({ ms: proof + needed + 100 })).steps).toEqual(both);
    vi.setSystemTime(START);
    expect((await revoke({ ms: proof + needed - 100 })).steps).toEqual(first);
  });
});
