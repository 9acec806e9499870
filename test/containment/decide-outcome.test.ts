import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin.ts';
import { conclude, type Facts } from '../../lib/containment/decide-outcome.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const started = Date.parse('2026-07-30T08:26:40Z');
const proof = (method: 'token' | 'listing') => ({ method, probes: 1, at: started + 50 }) as const;
const dead = (method: 'token' | 'listing') => ({ verdict: 'dead', proof: proof(method) }) as const;
const accepted = (result: 'revoked' | 'already_revoked') => ({ result, uncertain: false }) as const;
const entry = (revoked_at: number | null): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'a',
  created_at: 0,
  expires_at: null,
  revoked_at,
  last_used_at: null,
  is_active: false,
});

test.each<[string, Omit<Facts, 'key'>, object]>([
  [
    '200 and a dead token are a revocation',
    { revoked: accepted('revoked'), verdict: dead('token') },
    { status: 'revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    '200 and an inactive entry are a revocation',
    { revoked: accepted('revoked'), verdict: dead('listing') },
    { status: 'revoked', evidence: 'listed_inactive', proof: proof('listing') },
  ],
  [
    '409 is somebody else’s revocation',
    { revoked: accepted('already_revoked'), verdict: dead('token') },
    { status: 'already_revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is ours',
    { revoked: accepted('already_revoked'), verdict: dead('token'), unseenSince: started },
    { status: 'revoked', evidence: 'recovered', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is ours when the listing says so, clocks apart by five minutes at most',
    {
      revoked: accepted('already_revoked'),
      verdict: dead('token'),
      unseenSince: started,
      entry: entry(started / 1_000 - 300),
    },
    { status: 'revoked', evidence: 'recovered', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is not ours when the key died before it',
    {
      revoked: accepted('already_revoked'),
      verdict: dead('token'),
      unseenSince: started,
      entry: entry(started / 1_000 - 301),
    },
    { status: 'already_revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    'a token that still works is alive, whatever the API said',
    { revoked: accepted('revoked'), verdict: { verdict: 'alive', reason: 'it works' } },
    { status: 'still_alive', reason: 'it works', retryable: true },
  ],
  [
    'a revocation without a proof is a failure',
    { revoked: accepted('revoked'), verdict: { verdict: 'unproven', reason: 'HTTP 503' } },
    {
      status: 'failed',
      reason: 'the API accepted the revocation, which is not proven: HTTP 503',
      retryable: true,
    },
  ],
])('%s', (_, facts, expected) => {
  expect(conclude({ key, ...facts })).toEqual({ ...key, ...expected });
});

describe('every combination', () => {
  const second = started / 1_000;
  const results = [accepted('revoked'), accepted('already_revoked')].flatMap((revoked) => [
    revoked,
    { ...revoked, uncertain: true },
  ]);
  /** What is known of a DELETE of ours that went unseen, and whether a 409 is ours by it. */
  const histories: { unseenSince?: number; entry?: ApiKey; isOurs: boolean }[] = [
    { isOurs: false },
    { entry: entry(second), isOurs: false },
    { unseenSince: started, isOurs: true },
    { unseenSince: started, entry: entry(null), isOurs: true },
    { unseenSince: started, entry: { ...entry(null), revoked_at: undefined }, isOurs: true },
    { unseenSince: started, entry: entry(second - 301), isOurs: false },
    { unseenSince: started, entry: entry(second - 300), isOurs: true },
    { unseenSince: started, entry: entry(second - 299), isOurs: true },
    { unseenSince: started, entry: entry(second + 60), isOurs: true },
    { unseenSince: 0, entry: entry(0), isOurs: true },
  ];
  const facts = results.flatMap((revoked) => histories.map((history) => ({ revoked, ...history })));

  test.each([
    ['token', 'token_rejected'],
    ['listing', 'listed_inactive'],
  ] as const)('a death that the %s proves is a success, told apart by whose it was', (method, evidence) => {
    for (const { isOurs, ...given } of facts) {
      const expected =
        given.revoked.result === 'revoked'
          ? { status: 'revoked', evidence }
          : isOurs
            ? { status: 'revoked', evidence: 'recovered' }
            : { status: 'already_revoked', evidence };

      expect(conclude({ key, verdict: dead(method), ...given }), JSON.stringify(given)).toEqual({
        ...key,
        ...expected,
        proof: proof(method),
      });
    }
  });

  test.each([
    ['alive', { status: 'still_alive', reason: 'why' }],
    ['unproven', { status: 'failed', reason: 'the API accepted the revocation, which is not proven: why' }],
  ] as const)('without a death, %s, nothing else makes it a success', (verdict, expected) => {
    for (const { isOurs: _, ...given } of facts) {
      expect(conclude({ key, verdict: { verdict, reason: 'why' }, ...given }), JSON.stringify(given)).toEqual(
        {
          ...key,
          ...expected,
          retryable: true,
        },
      );
    }
  });
});
