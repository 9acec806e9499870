import type { AftermathRequest } from '../domain/aftermath.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { Ended } from './follow-up-parts.ts';

/** What is to be looked at after a report: nothing unless its outcome is stored and names a service user. */
export function aftermathOf({ outcome, report }: Ended, isDryRun: boolean): AftermathRequest | undefined {
  const { api_key_id, exposure, own_key, service_user_id } = outcome;
  const isOver = isDone(outcome) && outcome.status !== 'ignored';
  // Nothing leaked where a sweep revokes an old key.
  if (!isOver || service_user_id === undefined || report.detector === 'sweep') return undefined;
  const { leak, token: _token, ...rest } = report;
  const leaked = Date.parse(exposure?.leaked_at ?? '');
  return {
    version: 1,
    kind: 'aftermath',
    service_user_id,
    ...(api_key_id !== undefined && { api_key_id }),
    leaked_at: Number.isNaN(leaked) ? (report.leaked_at ?? report.reported_at) : leaked,
    ...(own_key && { own_key }),
    ...(!isLeakOf(outcome) && { report_only: true }),
    ...((isDryRun || report.dry_run) && { dry_run: true }),
    attempt: 1,
    report: { ...rest, leak },
  };
}

/** Whether the outcome is evidence enough to act on that service user: ids alone, or ids that contradict a token, are not. */
function isLeakOf({ status }: Outcome): boolean {
  switch (status) {
    case 'revoked':
    case 'already_revoked':
    case 'rehearsed':
      return true;
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'ignored':
    case 'failed':
      return false;
    default:
      return status satisfies never;
  }
}
