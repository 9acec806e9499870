import type { Outcome } from '../../domain/outcome.ts';
import { GitHubAlertRef, type LeakReport } from '../../domain/report.ts';
import { alertReportId } from '../../intake/github-webhook.ts';

/** An open alert as the organisation's listing shows it. */
export interface OpenAlert {
  readonly number: number;
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly repository: { readonly full_name: string };
}

/** GitHub's webhook gets this long before the sweep takes the alert for missed. */
const WEBHOOK_MS = 5 * 60_000;

/**
 * The report of an alert whose webhook was missed, with the very id that the webhook `created` has: whichever comes
 * second finds the first one's outcome. The webhook's `updated_at` may be older than the listing's, when something
 * else than its secret changed at the alert since; `formerly` is the report that it made when the alert was new.
 *
 * @returns `young` when the webhook may still be on its way; `unreadable` when it is not an alert as documented
 */
export function missedReport(
  alert: OpenAlert,
  { dryRun, now }: { dryRun: boolean; now: number },
): { report: LeakReport; formerly: LeakReport } | 'young' | 'unreadable' {
  const created = Date.parse(alert.created_at);
  const updated = Date.parse(alert.updated_at ?? alert.created_at);
  const [owner, repo, ...more] = alert.repository.full_name.split('/');
  const ref = GitHubAlertRef.safeParse({ owner, repo, number: alert.number });
  if (Number.isNaN(created + updated) || !ref.success || more.length > 0) return 'unreadable';
  if (now - created < WEBHOOK_MS) return 'young';
  const reportAt = (at: number): LeakReport => ({
    version: 1,
    report_id: alertReportId(ref.data, 'created', at),
    detector: 'github',
    invoked_by: 'schedule',
    reported_at: at,
    leaked_at: created,
    seen_at: now,
    leak: { kind: 'github_alert', ...ref.data },
    reason: 'open alert found by the sweep',
    ...(dryRun && { dry_run: true }),
  });
  return { report: reportAt(updated), formerly: reportAt(created) };
}

/**
 * The report that closes an alert whose key is dead, yet which GitHub refused to close. The first outcome stands as it
 * is, so a further attempt is a report of its own, one a day.
 */
export function closingReport(report: LeakReport, now: number): LeakReport {
  const midnight = now - (now % 86_400_000);
  const day = new Date(midnight).toISOString().slice(0, 10);
  const report_id = report.report_id.replace(/\/created\/[^/]+$/, `/closing/${day}`);
  return { ...report, report_id, reported_at: midnight, reason: 'the alert of a dead key is still open' };
}

/** Whether the outcome leaves an open alert that may be closed now. Others that stay open wait for a person. */
export function isClosingLeft(outcome: Outcome): boolean {
  const isDead = outcome.status === 'revoked' || outcome.status === 'already_revoked';
  return isDead && outcome.alert?.closed !== true;
}
