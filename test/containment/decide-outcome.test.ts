import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin.ts';
import { decideOutcome, type RevocationFacts } from '../../lib/containment/decide-outcome.ts';
import type { AcceptedDelete } from '../../lib/containment/revocation.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const started = Date.parse('2026-07-30T08:26:40Z');
const proof = (method: 'token' | 'listing') => ({ method, probes: 1, at: started + 50 }) as const;
const dead = (method: 'token' | 'listing') => ({ status: 'dead', proof: proof(method) }) as const;
const accepted = (answer: AcceptedDelete['answer']) => ({ answer, uncertain: false });
const entry = (revoked_at: number | null): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'a',
  created_at: 0,
  expires_at: null,
  revoked_at,
  last_used_at: null,
  is_active: false,
});

test.each<[string, Omit<RevocationFacts, 'key'>, object]>([
  [
    '200 and a dead token are a revocation',
    { accepted: accepted('revoked'), proof: dead('token') },
    { status: 'revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    '200 and an inactive entry are a revocation',
    { accepted: accepted('revoked'), proof: dead('listing') },
    { status: 'revoked', evidence: 'listed_inactive', proof: proof('listing') },
  ],
  [
    '409 is somebody else’s revocation',
    { accepted: accepted('already_revoked'), proof: dead('token') },
    { status: 'already_revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is ours',
    { accepted: accepted('already_revoked'), proof: dead('token'), unseenSince: started },
    { status: 'revoked', evidence: 'recovered', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is ours when the listing says so, clocks apart by five minutes at most',
    {
      accepted: accepted('already_revoked'),
      proof: dead('token'),
      unseenSince: started,
      entry: entry(started / 1_000 - 300),
    },
    { status: 'revoked', evidence: 'recovered', proof: proof('token') },
  ],
  [
    '409 after a DELETE that went unseen is not ours when the key died before it',
    {
      accepted: accepted('already_revoked'),
      proof: dead('token'),
      unseenSince: started,
      entry: entry(started / 1_000 - 301),
    },
    { status: 'already_revoked', evidence: 'token_rejected', proof: proof('token') },
  ],
  [
    'a token that still works is alive, whatever the API said',
    { accepted: accepted('revoked'), proof: { status: 'alive', reason: 'it works' } },
    { status: 'still_alive', reason: 'it works', retryable: true },
  ],
  [
    'a revocation without a proof is a failure',
    { accepted: accepted('revoked'), proof: { status: 'unproven', reason: 'HTTP 503' } },
    {
      status: 'failed',
      reason: 'the API accepted the revocation, which is not proven: HTTP 503',
      retryable: true,
    },
  ],
])('%s', (_, facts, expected) => {
  expect(decideOutcome({ key, ...facts })).toEqual({ ...key, ...expected });
});

describe('every combination', () => {
  const second = started / 1_000;
  const answers = ['revoked', 'already_revoked', 'presumed_revoked'] as const;
  const deletes = answers.flatMap((answer) => [accepted(answer), { ...accepted(answer), uncertain: true }]);
  /** What is known of a DELETE of ours that went unseen, and whether a 409 is ours by it. */
  const histories: { unseenSince?: number; entry?: ApiKey; mayBeOurs: boolean }[] = [
    { mayBeOurs: false },
    { entry: entry(second), mayBeOurs: false },
    { unseenSince: started, mayBeOurs: true },
    { unseenSince: started, entry: entry(null), mayBeOurs: true },
    { unseenSince: started, entry: { ...entry(null), revoked_at: undefined }, mayBeOurs: true },
    { unseenSince: started, entry: entry(second - 301), mayBeOurs: false },
    { unseenSince: started, entry: entry(second - 300), mayBeOurs: true },
    { unseenSince: started, entry: entry(second - 299), mayBeOurs: true },
    { unseenSince: started, entry: entry(second + 60), mayBeOurs: true },
    { unseenSince: 0, entry: entry(0), mayBeOurs: true },
  ];
  const facts = deletes.flatMap((given) => histories.map((history) => ({ accepted: given, ...history })));

  test.each([
    ['token', 'token_rejected'],
    ['listing', 'listed_inactive'],
  ] as const)('a death that the %s proves is a success, whoever caused it', (method, evidence) => {
    for (const { mayBeOurs, ...given } of facts) {
      const expected =
        given.accepted.answer === 'revoked'
          ? { status: 'revoked', evidence }
          : mayBeOurs
            ? { status: 'revoked', evidence: 'recovered' }
            : { status: 'already_revoked', evidence };

      expect(decideOutcome({ key, proof: dead(method), ...given }), JSON.stringify(given)).toEqual({
        ...key,
        ...expected,
        proof: proof(method),
      });
    }
  });

  test.each([
    ['alive', { status: 'still_alive', reason: 'why' }],
    ['unproven', { status: 'failed', reason: 'the API accepted the revocation, which is not proven: why' }],
  ] as const)('without a death, %s, nothing else makes it a success', (status, expected) => {
    for (const { mayBeOurs: _, ...given } of facts) {
      expect(
        decideOutcome({ key, proof: { status, reason: 'why' }, ...given }),
        JSON.stringify(given),
      ).toEqual({
        ...key,
        ...expected,
        retryable: true,
      });
    }
  });
});
