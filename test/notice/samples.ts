import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Exposure } from '../../lib/domain/outcome-facts.ts';
import type { Ended } from '../../lib/notice/ended.ts';
import { LEAKED_AT, report } from '../support/samples.ts';

export const places = {
  githubApiUrl: 'https://api.github.com',
  region: 'eu-central-1',
  functionName: 'devin-key-revoker-prod-revoke',
};

const { report_id } = report;
const key = {
  service_user_id: 'service-user-0a1b2c',
  api_key_id: 'key-3d4e5f',
  api_key_name: 'nightly build',
};
const attribution = { method: 'experiment', confidence: 'high' } as const;
const proof = { method: 'token', probes: 3, spread_ms: 310, at: LEAKED_AT + 62_300 } as const;
const exposure: Exposure = {
  leaked_at: '2026-07-30T08:26:40.000Z',
  seen_at: '2026-07-30T08:26:40.900Z',
  revoked_at: '2026-07-30T08:27:42.000Z',
  proven_at: '2026-07-30T08:27:42.300Z',
  seconds_to_revoke: 61.4,
  last_used_at: '2026-07-29T22:00:00.000Z',
  used_after_leak: false,
};
const found = { ...key, attribution, exposure };

export function ended(outcome: Outcome, changes: Partial<Ended> = {}): Ended {
  return { report, outcome, attempt: 1, ...changes };
}

/** One of each ending that people are notified of. */
export const samples: Readonly<Record<string, Ended>> = {
  revoked: ended({
    report_id,
    status: 'revoked',
    ...found,
    evidence: 'token_rejected',
    proof,
    alert: { closed: true },
  }),
  'revoked, and used after the leak': ended({
    report_id,
    status: 'revoked',
    ...found,
    exposure: { ...exposure, last_used_at: '2026-07-30T08:27:01.000Z', used_after_leak: true },
    evidence: 'token_rejected',
    proof,
    alert: { closed: false, reason: 'HTTP 403: delegated dismissal is on' },
    collateral: [
      { api_key_id: 'key-9', api_key_name: 'ci', replace_with: 'POST /v3beta1/enterprise/…/api-keys' },
    ],
  }),
  'dead already, of an unknown owner': ended({
    report_id,
    status: 'already_revoked',
    evidence: 'dead_on_arrival',
    owner: 'unknown',
    proof,
    exposure: { seen_at: exposure.seen_at, proven_at: '2026-07-30T08:27:42.300Z' },
    alert: { closed: true },
  }),
  'still alive': ended({
    report_id,
    status: 'still_alive',
    ...found,
    exposure: { seen_at: exposure.seen_at, leaked_at: '2026-07-30T08:26:40.000Z' },
    reason: 'the token still authenticates after the proof window',
    retryable: true,
  }),
  'escalated with candidates': ended({
    report_id,
    status: 'escalated',
    service_user_id: key.service_user_id,
    candidates: [
      { api_key_id: 'key-1', api_key_name: 'ci', created_at: '2026-01-01T00:00:00.000Z', last_used_at: null },
      { api_key_id: 'key-2', api_key_name: 'cd', created_at: '2026-01-02T00:00:00.000Z', last_used_at: null },
    ],
    reason: 'service-user-0a1b2c has 2 keys that the token may be of',
    next_step:
      'decide which key it is (the most likely one is named first), and invoke the revoke function with {"service_user_id":"service-user-0a1b2c","api_key_id":"key-1"}',
  }),
  'failed for good': ended({
    report_id,
    status: 'failed',
    ...key,
    reason: 'HTTP 403: the admin token lacks ManageAccountServiceUsers',
    retryable: false,
    next_step:
      'remove the cause, then invoke the revoke function with {"github_alert":{"owner":"acme","repo":"webshop","number":42}}',
  }),
  'failed five times': ended(
    { report_id, status: 'failed', ...key, reason: 'HTTP 503', retryable: true },
    { attempt: 5 },
  ),
  'our own token': ended({
    report_id,
    status: 'revoked',
    ...found,
    own_key: true,
    next_step:
      'the admin token of this software leaked: put a new one into its secret, until then nothing can be revoked',
    evidence: 'token_rejected',
    proof,
    alert: { closed: true },
  }),
  rehearsed: ended({
    report_id,
    status: 'rehearsed',
    ...key,
    reason: 'dry run: this would have ended as revoked',
    would_end: 'revoked',
    would_do: ['revoke API key key-3d4e5f of service-user-0a1b2c', 'prove it dead', 'close the alert'],
  }),
};
