import type { Outcome } from '../../domain/outcome.ts';
import { alertReportId, type LeakReport } from '../../domain/report.ts';
import { alertRef } from '../../intake/github-webhook.ts';

/** An open alert as the organisation's listing shows it. */
export interface OpenAlert {
  readonly number: number;
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly repository: { readonly full_name: string; readonly id?: number | undefined };
}

export type MissedAlert =
  | { readonly status: 'missed'; readonly report: LeakReport; readonly formerly: LeakReport }
  | { readonly status: 'young' }
  | { readonly status: 'unreadable' };

/** An alert younger than this is left to its webhook. */
const WEBHOOK_MS = 5 * 60_000;

/**
 * The report of an alert whose webhook was missed, with the same id as that of the webhook `created`: whichever comes
 * second finds the outcome of the first. The alert's `updated_at` may have changed since the webhook was sent;
 * `formerly` is the report that the webhook made when the alert was new.
 *
 * @returns `young` when the webhook may still be on its way; `unreadable` when it is not an alert as documented
 */
export function missedReport(
  alert: OpenAlert,
  { dryRun, now }: { dryRun: boolean; now: number },
): MissedAlert {
  const created = Date.parse(alert.created_at);
  const updated = Date.parse(alert.updated_at ?? alert.created_at);
  const ref = alertRef(alert.repository, alert.number);
  if (Number.isNaN(created + updated) || ref === undefined) return { status: 'unreadable' };
  if (now - created < WEBHOOK_MS) return { status: 'young' };
  const reportAt = (at: number): LeakReport => ({
    version: 1,
    report_id: alertReportId(ref, 'created', at),
    detector: 'github',
    invoked_by: 'schedule',
    reported_at: at,
    leaked_at: created,
    seen_at: now,
    leak: { kind: 'github_alert', ...ref },
    reason: 'open alert found by the sweep',
    ...(dryRun && { dry_run: true }),
  });
  return { status: 'missed', report: reportAt(updated), formerly: reportAt(created) };
}

/**
 * The report that closes an alert whose key is dead, yet which GitHub refused to close. The first outcome is never
 * changed, so a further attempt is a report of its own, at most one a day.
 */
export function closingReport(report: LeakReport, now: number): LeakReport {
  const midnight = now - (now % 86_400_000);
  const day = new Date(midnight).toISOString().slice(0, 10);
  const report_id = report.report_id.replace(/\/created\/[^/]+$/, `/closing/${day}`);
  return { ...report, report_id, reported_at: midnight, reason: 'the alert of a dead key is still open' };
}

/** Whether the key is dead and the alert can be closed now. Other open alerts wait for a person. */
export function shouldClose(outcome: Outcome): boolean {
  const isDead = outcome.status === 'revoked' || outcome.status === 'already_revoked';
  return isDead && outcome.alert?.closed !== true;
}
