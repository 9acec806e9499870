import { describe, expect, test } from 'vitest';
import type { ApiKey, KeyListing } from '../../lib/clients/devin-shapes.ts';
import { foreseeRevocation, rehearsal } from '../../lib/containment/rehearse.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import { Token } from '../../lib/domain/token.ts';
import type { LeakAlert } from '../../lib/identify/read-leak.ts';
import type { Target } from '../../lib/identify/target.ts';
import { devinDouble } from '../support/devin-double.ts';

const service_user_id = 'service-user-a';
const key = { service_user_id, api_key_id: 'key-a' };
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const entry: ApiKey = { api_key_id: 'key-a', api_key_name: 'ci', created_at: 0, is_active: true };
const other = { ...entry, api_key_id: 'key-b', api_key_name: 'cd' };
const inactive = { ...entry, is_active: false };
const attribution = { method: 'ids', confidence: 'certain' } as const;
const target: Target = { kind: 'key', key, attribution };
const listing = (...keys: ApiKey[]): KeyListing => ({ ok: true, keys });
const unproven = (method: 'token' | 'listing') => ({ method, probes: 0, at: expect.any(Number) });
const named = { ...key, attribution };
const byListing = { api_key_name: 'ci', evidence: 'listed_inactive', proof: unproven('listing') };

describe('what a dry run foresees', () => {
  test.each<[string, Target, KeyListing | undefined, object, readonly object[]]>([
    [
      'is a revocation of a key that is active',
      target,
      listing(other, entry),
      { status: 'revoked', ...named, ...byListing },
      [key],
    ],
    [
      'is a revocation that the token proves',
      { ...target, token, entry },
      undefined,
      {
        status: 'revoked',
        ...named,
        api_key_name: 'ci',
        evidence: 'token_rejected',
        proof: unproven('token'),
      },
      [key],
    ],
    [
      'is nothing to revoke of a key that is not active',
      target,
      listing(inactive),
      { status: 'already_revoked', ...named, ...byListing },
      [],
    ],
    [
      'is nothing to revoke of a key that is not listed',
      target,
      listing(other),
      { status: 'not_found', ...named, reason: 'the listing does not show the key' },
      [],
    ],
    [
      'is a failure when the listing is refused',
      target,
      { ok: false, reason: 'HTTP 403', retryable: false },
      { status: 'failed', ...named, reason: 'HTTP 403', retryable: false },
      [],
    ],
    [
      'is each of the candidates',
      {
        kind: 'candidates',
        service_user_id,
        candidates: [entry, other].map((each) => ({ api_key_id: each.api_key_id, entry: each })),
        token,
        attribution,
      },
      undefined,
      {
        status: 'revoked',
        service_user_id,
        attribution,
        evidence: 'token_rejected',
        proof: unproven('token'),
      },
      [key, { service_user_id, api_key_id: 'key-b' }],
    ],
  ])('%s', async (_, given, answer, draft, revoked) => {
    const retry = { deadline: 7 };
    const devin = devinDouble(
      answer && {
        listKeys: async (...asked) => {
          expect(asked).toEqual([service_user_id, retry]);
          return answer;
        },
      },
    );

    expect(await foreseeRevocation(given, devin, retry)).toStrictEqual({ draft, revoked });
  });
});

describe('the record of a dry run', () => {
  const proof = { method: 'token', probes: 0, at: 0 } as const;
  const revoked: OutcomeDraft = { status: 'revoked', ...key, evidence: 'token_rejected', proof };
  const alert = (open: boolean): LeakAlert => ({ ref: { owner: 'acme', repo: 'webshop', number: 42 }, open });
  const escalated: OutcomeDraft = {
    status: 'escalated',
    service_user_id,
    principal_type: 'pat_user',
    user: { user_id: 'user-1' },
    org_id: 'org-1',
    reason: 'not ours',
    next_step: 'ask',
  };

  test.each<[string, OutcomeDraft, LeakAlert | undefined, object]>([
    [
      'names all that would have been done, in order, and no proof',
      { ...revoked, attribution, api_key_name: 'ci', own_key: true, next_step: 'put a new one' },
      alert(true),
      {
        ...key,
        attribution,
        api_key_name: 'ci',
        own_key: true,
        next_step: 'put a new one',
        reason: 'dry run: this would have ended as revoked',
        would_end: 'revoked',
        would_do: [
          'revoke API key key-a of service-user-a',
          'prove it dead',
          'resolve alert 42 of acme/webshop',
          'record the outcome revoked',
        ],
      },
    ],
    [
      'resolves nothing where there is no alert',
      revoked,
      undefined,
      {
        ...key,
        reason: 'dry run: this would have ended as revoked',
        would_end: 'revoked',
        would_do: ['revoke API key key-a of service-user-a', 'prove it dead', 'record the outcome revoked'],
      },
    ],
    [
      'does not resolve an alert that is resolved',
      revoked,
      alert(false),
      {
        ...key,
        reason: 'dry run: this would have ended as revoked',
        would_end: 'revoked',
        would_do: ['revoke API key key-a of service-user-a', 'prove it dead', 'record the outcome revoked'],
      },
    ],
    [
      'keeps the reason and what a person has to know',
      escalated,
      alert(true),
      {
        service_user_id,
        principal_type: 'pat_user',
        user: { user_id: 'user-1' },
        org_id: 'org-1',
        next_step: 'ask',
        reason: 'dry run: this would have ended as escalated: not ours',
        would_end: 'escalated',
        would_do: ['record the outcome escalated'],
      },
    ],
    [
      'resolves the alert of a key that is dead',
      { status: 'already_revoked', owner: 'unknown', evidence: 'dead_on_arrival', proof, reason: 'why' },
      alert(true),
      {
        owner: 'unknown',
        reason: 'dry run: this would have ended as already_revoked: why',
        would_end: 'already_revoked',
        would_do: ['resolve alert 42 of acme/webshop', 'record the outcome already_revoked'],
      },
    ],
  ])('%s', (_, draft, given, expected) => {
    const keys = draft.status === 'revoked' ? [key] : [];

    expect(rehearsal({ draft, revoked: keys }, given)).toStrictEqual({ status: 'rehearsed', ...expected });
  });

  test.each<OutcomeDraft>([
    { status: 'ignored', reason: 'no key of Devin' },
    { status: 'rehearsed', reason: 'dry run', would_end: 'revoked', would_do: [] },
  ])('is not made of a report that is $status', (draft) => {
    expect(rehearsal({ draft, revoked: [] }, alert(true))).toBe(draft);
  });
});
