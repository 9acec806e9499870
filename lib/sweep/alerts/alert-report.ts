import type { Outcome } from '../../domain/outcome.ts';
import { alertReportId, type GitHubAlertRef, type LeakReport } from '../../domain/report.ts';
import type { Subject } from './next-step.ts';

/**
 * The report of an open alert, with the same id as that of its webhook: whichever comes second finds the outcome of the
 * first.
 *
 * @param created when the alert was made, epoch milliseconds
 */
export function alertReport(
  ref: GitHubAlertRef,
  { action, at }: Subject,
  { created, dryRun, now }: { created: number; dryRun: boolean; now: number },
): LeakReport {
  return {
    version: 1,
    report_id: alertReportId(ref, action, at),
    detector: 'github',
    invoked_by: 'schedule',
    reported_at: at,
    leaked_at: created,
    seen_at: now,
    leak: { kind: 'github_alert', ...ref },
    reason: 'open alert found by the sweep',
    ...(dryRun && { dry_run: true }),
  };
}

/**
 * The report that closes an alert whose key is dead, yet which GitHub refused to close. The first outcome is never
 * changed, so a further attempt is a report of its own, at most one a day.
 */
export function closingReport(report: LeakReport, now: number): LeakReport {
  const midnight = now - (now % 86_400_000);
  const day = new Date(midnight).toISOString().slice(0, 10);
  const report_id = report.report_id.replace(/\/[a-z_]+\/[^/]+$/, `/closing/${day}`);
  return { ...report, report_id, reported_at: midnight, reason: 'the alert of a dead key is still open' };
}

/** What an outcome leaves to do about its alert, which is open. @param updated when the alert was last changed */
export function leftToDo(outcome: Outcome, updated: number): 'nothing' | 'close' | 'contain again' {
  const isDead = outcome.status === 'revoked' || outcome.status === 'already_revoked';
  if (!isDead) return 'nothing';
  if (outcome.alert?.closed !== true) return 'close';
  // It was closed by us after the proof. A listing that does not show that yet shows no later change either.
  return updated > outcome.proof.at ? 'contain again' : 'nothing';
}
