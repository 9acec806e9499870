import type { ReportTrail } from '../audit/trail.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { LeakAlert } from '../identify/read-leak.ts';

/**
 * A report of a resolved alert goes on only when an earlier delivery left an intent without an outcome, or to look at it
 * once more.
 *
 * @throws {AuditStoreError}
 */
export async function checkAlert(
  alert: LeakAlert | undefined,
  { recheck }: Pick<Report, 'recheck'>,
  trail: Pick<ReportTrail, 'earlier'>,
): Promise<{ readonly status: 'proceed' } | Decided | OnRecord> {
  if (alert === undefined || alert.open || recheck) return { status: 'proceed' };
  const { intent, outcome } = await trail.earlier();
  if (outcome !== undefined) return { status: 'on_record', outcome };
  return intent === undefined
    ? decided({ status: 'ignored', reason: 'the alert is resolved already' })
    : { status: 'proceed' };
}
