import { expect, test } from 'vitest';
import { conclude, type Facts } from '../lib/conclude.ts';
import type { ApiKey } from '../lib/devin.ts';

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
