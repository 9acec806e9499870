import { describe, expect, test } from 'vitest';
import { decideOutcome } from '../../lib/containment/decide-outcome.ts';
import type { ProofResult } from '../../lib/containment/prove-dead.ts';
import type { AcceptedDelete } from '../../lib/containment/revocation.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const proof = (method: 'token' | 'listing') => ({ method, probes: 3, at: 1_000 }) as const;
const dead = (method: 'token' | 'listing') => ({ status: 'dead', proof: proof(method) }) as const;
const answers: readonly AcceptedDelete['answer'][] = ['revoked', 'already_revoked', 'presumed_revoked'];
const facts = answers.flatMap((answer) =>
  [true, false].map((isOurs) => ({ key, accepted: { answer }, isOurs })),
);

test.each([
  ['token', 'token_rejected'],
  ['listing', 'listed_inactive'],
] as const)('a death that the %s proves is a success, whoever caused it', (method, evidence) => {
  for (const given of facts) {
    const { answer } = given.accepted;
    const expected =
      answer === 'revoked'
        ? { status: 'revoked', evidence }
        : answer === 'presumed_revoked' || given.isOurs
          ? { status: 'revoked', evidence: 'recovered' }
          : { status: 'already_revoked', evidence };

    expect(decideOutcome({ ...given, proof: dead(method) }), JSON.stringify(given)).toEqual({
      ...key,
      ...expected,
      proof: proof(method),
    });
  }
});

describe('without a death nothing else makes it a success', () => {
  test.each<[ProofResult, object]>([
    [
      { status: 'alive', reason: 'why', isMixed: false },
      { status: 'still_alive', reason: 'why' },
    ],
    [
      { status: 'unproven', reason: 'why' },
      { status: 'failed', reason: 'the API accepted the revocation, which is not proven: why' },
    ],
  ])('%j', (seen, expected) => {
    for (const given of facts) {
      expect(decideOutcome({ ...given, proof: seen }), JSON.stringify(given)).toEqual({
        ...key,
        ...expected,
        retryable: true,
      });
    }
  });
});
