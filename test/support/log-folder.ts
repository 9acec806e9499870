import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AuditEntry, auditRecord } from '../../lib/audit/ocsf-record.ts';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { recordPath } from '../../lib/audit/record-path.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import { context } from './samples.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-07-27T09:00:00.000Z');
/** Milliseconds from the leak to the proof. */
const TIMES = [
  640, 820, 1_150, 1_300, 1_420, 1_700, 1_900, 2_400, 3_100, 4_200, 6_500, 14_000, 41_000, 130_000, 5_400_000,
];

type Ended = Exclude<Outcome, { status: 'ignored' }>;

/** Writes a week of incidents to a folder, as the bucket would hold them. */
export function writeLog(folder: string): void {
  TIMES.forEach((ms, index) => {
    writeIncident(folder, index, (report_id, since) => ({
      ...key(index),
      report_id,
      status: 'revoked',
      evidence: index % 7 === 6 ? 'recovered' : 'token_rejected',
      proof: { method: 'token', probes: 1 + (index % 3), at: since + ms },
      alert:
        index % 5 === 4
          ? { closed: false, reason: 'delegated dismissal is on (HTTP 403)' }
          : { closed: true },
    }));
  });
  const others: ((report_id: string, since: number, index: number) => Ended)[] = [
    (report_id, since) => ({
      report_id,
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      proof: { method: 'token', probes: 1, at: since + 900 },
    }),
    (report_id, _, index) => ({
      ...key(index),
      report_id,
      status: 'not_found',
      reason: 'Devin does not know the key',
    }),
    (report_id, _, index) => ({
      report_id,
      service_user_id: key(index).service_user_id,
      status: 'escalated',
      reason: `${key(index).service_user_id} has 3 active keys, and it is not known which of them leaked`,
      next_step: `find the key and invoke the function with {"service_user_id": "${key(index).service_user_id}", "api_key_id": "…"}`,
    }),
    (report_id) => ({
      report_id,
      status: 'escalated',
      reason: 'the token is a personal access token, which no admin call revokes',
      next_step: 'have its owner delete it in the Devin settings, or remove the user; the alert stays open',
    }),
    (report_id, _, index) => ({
      ...key(index),
      report_id,
      status: 'failed',
      reason: 'HTTP 503',
      retryable: true,
    }),
  ];
  others.forEach((make, nth) => {
    const index = TIMES.length + nth;
    writeIncident(folder, index, (report_id, since) => make(report_id, since, index));
  });
}

const key = (index: number) => ({
  service_user_id: `service-user-${(0xa1b2c3 + index * 7919).toString(16)}`,
  api_key_id: `key-${(0x3d4e5f + index * 104729).toString(16)}`,
});

function writeIncident(
  folder: string,
  index: number,
  make: (report_id: string, since: number) => Ended,
): void {
  const since = START + (index % 5) * DAY_MS + index * 1_234_567;
  const number = index + 1;
  const report: Report = {
    version: 1,
    report_id: `github/acme/webshop/${number}/created/${new Date(since).toISOString().replace(/[-:.]/g, '')}`,
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: since,
    leaked_at: since,
    seen_at: since + 210,
    leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number },
  };
  const outcome = make(report.report_id, since);
  const ended = 'proof' in outcome ? outcome.proof.at + 180 : since + 1_500;
  const write = (name: string, entry: AuditEntry, time: number) => {
    const path = join(folder, recordPath(report, name));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, serialise(auditRecord(report, entry, context, { name, time })));
  };
  const { api_key_id, service_user_id } = outcome;
  if (service_user_id !== undefined) {
    const intent = { service_user_id, ...(api_key_id !== undefined && { api_key_id }) };
    write('10-intent', { kind: 'intent', key: intent }, since + 400);
  }
  if (outcome.alert)
    write('70-alert', { kind: 'alert', outcome: { ...outcome, alert: outcome.alert } }, ended - 20);
  const isAttempt = outcome.status === 'failed';
  const kind = isAttempt ? 'attempt' : 'outcome';
  write(isAttempt ? '50-attempt-1' : '90-outcome', { kind, outcome, intentStored: true }, ended);
}
