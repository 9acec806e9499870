import { expect, test } from 'vitest';
import { describeRevocation } from '../../lib/containment/describe-revocation.ts';
import type { Revocation } from '../../lib/containment/revocation.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import { Token } from '../../lib/domain/token.ts';
import type { Target } from '../../lib/identify/target.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const SECOND = START / 1_000;
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const proof = { method: 'token', probes: 3, at: START + 2_000 } as const;
const draft: OutcomeDraft = { status: 'revoked', ...key, evidence: 'token_rejected', proof };
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const entry = { api_key_id: 'key-a', api_key_name: 'ci', created_at: 0, is_active: false };
const revocation: Revocation = {
  status: 'deleted',
  key,
  accepted: { answer: 'revoked' },
  deletion: { ...key, sent_at: START, answer: 'revoked' },
  proof: { status: 'dead', proof },
};
const target: Target = { kind: 'key', key, attribution: { method: 'ids', confidence: 'certain' } };
const times = { seenAt: START - 1_000, startedAt: START };
const seen_at = at(-1);
const proven = { proven_at: at(2), seconds_to_revoke: 3 };
const plain = { ...draft, attribution: target.attribution };
const lost = { api_key_id: 'key-b', api_key_name: 'cd', replace_with: 'POST …' };
const used = (ago: number) => ({ ...entry, last_used_at: SECOND - ago });

test.each<[string, Partial<Revocation>, Partial<Target>, { earlierUse?: number }, object]>([
  [
    'has its DELETE and its proof',
    {},
    {},
    {},
    { ...plain, exposure: { seen_at, revoked_at: at(0), ...proven } },
  ],
  [
    'has the name of its key',
    { entry },
    {},
    {},
    { ...plain, api_key_name: 'ci', exposure: { seen_at, revoked_at: at(0), ...proven } },
  ],
  [
    'that somebody else made has no time of ours',
    { accepted: { answer: 'already_revoked' } },
    {},
    {},
    { ...plain, exposure: { seen_at, ...proven } },
  ],
  [
    'that is not proven has no time of a proof',
    { proof: { status: 'unproven', reason: 'HTTP 503' } },
    {},
    {},
    { ...plain, exposure: { seen_at, revoked_at: at(0) } },
  ],
  [
    'that cost other keys is less sure of its own',
    { collateral: [lost] },
    {},
    {},
    {
      ...plain,
      attribution: { method: 'ids', confidence: 'medium' },
      collateral: [lost],
      exposure: { seen_at, revoked_at: at(0), ...proven },
    },
  ],
  [
    'without a token has the last use of the key, which is not ours',
    { entry: used(1) },
    {},
    {},
    {
      ...plain,
      api_key_name: 'ci',
      exposure: { seen_at, revoked_at: at(0), ...proven, last_used_at: at(-1) },
    },
  ],
  [
    'has a use before our first one, and when that was',
    { entry: used(12) },
    { token, firstUse: SECOND - 10 },
    {},
    {
      ...plain,
      api_key_name: 'ci',
      exposure: { seen_at, revoked_at: at(0), ...proven, last_used_at: at(-12), used_by_us_at: at(-10) },
    },
  ],
  [
    'has no use that may be ours',
    { entry: used(11) },
    { token, firstUse: SECOND - 10 },
    {},
    {
      ...plain,
      api_key_name: 'ci',
      exposure: { seen_at, revoked_at: at(0), ...proven, used_by_us_at: at(-10) },
    },
  ],
  [
    'has no use at all where it is not known when ours was',
    { entry: used(12) },
    { token },
    {},
    { ...plain, api_key_name: 'ci', exposure: { seen_at, revoked_at: at(0), ...proven } },
  ],
  [
    'has no use that may be of an earlier delivery, nor when our first one was',
    { entry: used(12) },
    { token, firstUse: SECOND - 10 },
    { earlierUse: SECOND - 40 },
    { ...plain, api_key_name: 'ci', exposure: { seen_at, revoked_at: at(0), ...proven } },
  ],
  [
    'has a use before that of an earlier delivery',
    { entry: used(42) },
    { token },
    { earlierUse: SECOND - 40 },
    {
      ...plain,
      api_key_name: 'ci',
      exposure: { seen_at, revoked_at: at(0), ...proven, last_used_at: at(-42) },
    },
  ],
])('a revocation %s', (_, given, on, uses, expected) => {
  const described = describeRevocation(draft, { ...revocation, ...given }, { ...target, ...on } as Target, {
    ...times,
    ...uses,
  });

  expect(described).toStrictEqual(expected);
});
