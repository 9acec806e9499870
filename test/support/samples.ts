import { type AuditContext, type AuditEntry, auditRecord, planRecord } from '../../lib/audit/ocsf-record.ts';
import { type AuditRecord, serialise } from '../../lib/audit/ocsf-schema.ts';
import { settledRecord } from '../../lib/audit/record-path.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';

export const LEAKED_AT = Date.parse('2026-07-30T08:26:40.000Z');

export const context: AuditContext = {
  account: '111122223333',
  region: 'eu-central-1',
  requestId: '3f6d9f6c-5a0a-4f59-9c2b-8d1f6f0b7a11',
  attempt: 1,
};

export const report: Report = {
  version: 1,
  report_id: 'github/acme/webshop/42/created/20260730T082640000Z',
  detector: 'github',
  invoked_by: 'webhook',
  reported_at: LEAKED_AT + 400,
  leaked_at: LEAKED_AT,
  seen_at: LEAKED_AT + 900,
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 42 },
};

const key = { service_user_id: 'service-user-0a1b2c', api_key_id: 'key-3d4e5f' };
const { report_id } = report;
const proof = { method: 'token', probes: 2, at: LEAKED_AT + 2_300 } as const;

/** Every ending that has a record. */
export const outcomes: readonly Exclude<Outcome, { status: 'ignored' }>[] = [
  { report_id, status: 'revoked', ...key, evidence: 'token_rejected', proof, alert: { closed: true } },
  {
    report_id,
    status: 'revoked',
    ...key,
    evidence: 'listed_inactive',
    proof: { ...proof, method: 'listing' },
  },
  { report_id, status: 'revoked', ...key, evidence: 'recovered', proof },
  {
    report_id,
    status: 'revoked',
    ...key,
    evidence: 'token_rejected',
    proof,
    own_key: true,
    attribution: { method: 'last_used_at', confidence: 'medium' },
    exposure: { seen_at: '2026-07-30T08:26:40.900Z', seconds_to_revoke: 1.4, used_after_leak: false },
    collateral: [{ api_key_id: 'key-9', api_key_name: 'ci', replace_with: 'POST …/rotate' }],
  },
  { report_id, status: 'already_revoked', evidence: 'dead_on_arrival', proof },
  { report_id, status: 'not_found', ...key, reason: 'Devin does not know the key' },
  { report_id, status: 'still_alive', ...key, reason: 'the token still authenticates', retryable: true },
  { report_id, status: 'escalated', reason: 'a personal access token', next_step: 'ask its owner' },
  {
    report_id,
    status: 'rehearsed',
    ...key,
    reason: 'dry run: this would have ended as revoked',
    would_end: 'revoked',
    would_do: [
      'revoke API key key-3d4e5f of service-user-0a1b2c',
      'prove it dead',
      'record the outcome revoked',
    ],
  },
  { report_id, status: 'failed', ...key, reason: 'HTTP 503', retryable: true },
];

const [revoked] = outcomes;
if (revoked === undefined) throw new Error('there are no outcomes');

const entries: readonly (readonly [name: string, entry: AuditEntry])[] = [
  ['intent with a key', { kind: 'intent', key }],
  ['DELETE that is sent', { kind: 'intent', key, deleteSentAt: LEAKED_AT + 1_000 }],
  ['intent with a service user', { kind: 'intent', key: { service_user_id: key.service_user_id } }],
  ['alert closed', { kind: 'alert', outcome: { ...revoked, alert: { closed: true } } }],
  [
    'alert left open',
    { kind: 'alert', outcome: { ...revoked, alert: { closed: false, reason: 'HTTP 403' } } },
  ],
  ['outcome without an intent', { kind: 'outcome', outcome: revoked, intentStored: false }],
  ...outcomes.map((outcome) => {
    const { kind } = settledRecord(outcome);
    const evidence = 'evidence' in outcome ? ` (${outcome.evidence})` : '';
    const own = outcome.own_key ? ' of our own key' : '';
    return [`${kind} ${outcome.status}${evidence}${own}`, { kind, outcome, intentStored: true }] as const;
  }),
];

const plan = { plan_id: '20260730T000000Z-0a1b2c3d', mode: 'enforce', totals: { keys: 40, revoke: 2 } };

/** A record of every kind and of every outcome. */
export const records: readonly (readonly [name: string, record: AuditRecord])[] = [
  ...entries.map(
    ([name, entry]) =>
      [name, auditRecord(report, entry, context, { name: '90-outcome', time: LEAKED_AT + 3_000 })] as const,
  ),
  [
    'report of a token alone, from a named caller',
    auditRecord(
      {
        ...report,
        detector: 'console',
        invoked_by: 'console',
        caller: 'alice@example.com',
        leak: { kind: 'token' },
        report_id: 'console/3f6d9f6c',
      },
      { kind: 'intent', key },
      { ...context, attempt: 2 },
      { name: '10-intent', time: LEAKED_AT },
    ),
  ],
  [
    'sweep plan',
    planRecord(
      { ...plan, verdict: 'enforce', blocks: [] },
      { startedAt: LEAKED_AT, decidedAt: LEAKED_AT + 1_000, invokedBy: 'schedule' },
      context,
    ),
  ],
  [
    'blocked sweep plan',
    planRecord(
      { ...plan, verdict: 'blocked', blocks: ['over the cap'] },
      { startedAt: LEAKED_AT, decidedAt: LEAKED_AT + 1_000, invokedBy: 'console' },
      context,
    ),
  ],
];

export const lines = (): string[] => records.map(([, record]) => serialise(record));
