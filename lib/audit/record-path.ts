import { isFinal, type OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';

/** Names of a report's records, which sort in the order of events. */
export const INTENT = '10-intent';
export const ALERT = '70-alert';
export const OUTCOME = '90-outcome';
/** A person accepts that the report has no outcome. */
export const ACKNOWLEDGED = '95-acknowledged';
/** What a person did that is about no report. */
export const ACT = '10-act';
/** Several keys may be enrolled by one request. */
export function enrolName(apiKeyId: string): string {
  return `${ACT}-${apiKeyId.replaceAll('~', '=7E')}`;
}
const DELETE = '30-delete';
const ATTEMPT = '50-attempt';
export const REHEARSAL = '80-rehearsal';

/**
 * Where a report's record lies. The date is the report's own, so that a retry on the next day finds the same place.
 *
 * @param name such that the names of one report sort in the order of events
 */
export function recordPath(report: Pick<Report, 'report_id' | 'reported_at'>, name: string): string {
  return `${recordFolder(report)}${name}.json`;
}

/** The prefix of all records of a report. */
export function recordFolder({ report_id, reported_at }: Pick<Report, 'report_id' | 'reported_at'>): string {
  return `records/date=${new Date(reported_at).toISOString().slice(0, 10)}/${report_id}/`;
}

/** The name of a candidate's intent. Ids may hold a tilde, which is not in the character set of record names. */
export function candidateIntent(apiKeyId = ''): string {
  return `20-intent-${apiKeyId.replaceAll('~', '=7E')}`;
}

/** Whether a record's path or name is that of an intent, a candidate's included. */
export function isIntent(path: string): boolean {
  return /(?:^|\/)[12]\d-intent[^/]*$/.test(path);
}

/** The intent of one of several leaks of a report; the first one has that of the report. */
export function intentName(part = 0): string {
  return part === 0 ? INTENT : `${INTENT}-${part + 1}`;
}

/** The name of the record that a DELETE was sent: each has its own. Ids as in `candidateIntent`. */
export function deleteName(apiKeyId: string, sentAt: number): string {
  return `${DELETE}-${stamp(sentAt)}-${apiKeyId.replaceAll('~', '=7E')}`;
}

/** Whether a record's path is that of a DELETE or of an attempt: what earlier deliveries of a report did. */
export function isHistory(path: string): boolean {
  return new RegExp(`/(?:${DELETE}|${ATTEMPT})-[^/]*$`).test(path);
}

/**
 * The kind and the name of the record in which a delivery ends. Attempts are one each, all else is once a report. A
 * rehearsal lies beside the outcome, whose place it must not take.
 */
export function settledRecord(
  outcome: OutcomeDraft,
  now = Date.now(),
): { readonly kind: 'attempt' | 'rehearsal' | 'outcome'; readonly name: string } {
  if (outcome.status === 'rehearsed') return { kind: 'rehearsal', name: REHEARSAL };
  return isFinal(outcome)
    ? { kind: 'outcome', name: OUTCOME }
    : { kind: 'attempt', name: `${ATTEMPT}-${stamp(now)}` };
}

function stamp(at: number): string {
  return new Date(at).toISOString().replace(/[-:.]/g, '');
}
