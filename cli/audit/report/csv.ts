import { csvLine } from '../../terminal/csv.ts';
import type { LeakFacts } from './facts.ts';

const COLUMNS = [
  'report_id',
  'detector',
  'reported_at',
  'leaked_at',
  'alert',
  'status',
  'service_user_id',
  'api_key_id',
  'api_key_name',
  'evidence',
  'attribution',
  'confidence',
  'proven_at',
  'seconds_to_revoke',
  'used_after_leak',
  'alert_closed',
  'reason',
  'next_step',
  'leak',
] as const;

/** Every report of the period, a line for each of its leaks, as CSV (RFC 4180). */
export function* reportCsv(reports: readonly LeakFacts[]): Generator<string> {
  yield `${csvLine(COLUMNS)}\r\n`;
  for (const report of reports) {
    const row = toRow(report);
    yield `${csvLine(COLUMNS.map((name) => row[name]))}\r\n`;
  }
}

function toRow(report: LeakFacts): Record<(typeof COLUMNS)[number], string> {
  const { alert, detector, facts, part, report_id, reported_at, since, status } = report;
  const { attribution, closure, exposure, proof } = facts;
  return {
    report_id,
    detector,
    reported_at: new Date(reported_at).toISOString(),
    leaked_at: new Date(since).toISOString(),
    alert: alert === undefined ? '' : `${alert.owner}/${alert.repo}/${alert.number}`,
    status,
    service_user_id: facts.service_user_id ?? '',
    api_key_id: facts.api_key_id ?? '',
    api_key_name: facts.api_key_name ?? '',
    evidence: facts.evidence ?? '',
    attribution: attribution?.method ?? '',
    confidence: attribution?.confidence ?? '',
    proven_at: proof === undefined ? '' : new Date(proof.at).toISOString(),
    seconds_to_revoke: proof === undefined ? '' : String(Math.max(0, proof.at - since) / 1_000),
    used_after_leak: text(exposure?.used_after_leak),
    alert_closed: text(closure?.closed),
    reason: facts.reason ?? '',
    next_step: facts.next_step ?? '',
    leak: part === undefined ? '' : String(part),
  };
}

function text(value: boolean | undefined): string {
  return value === undefined ? '' : String(value);
}
