import type { Earlier } from '../../audit/read-earlier.ts';
import type { GitHubAlertList } from '../../clients/github-alert-list.ts';
import type { LeakReport } from '../../domain/report.ts';
import { errorFields, log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { count } from '../../platform/metrics.ts';
import { sleep } from '../../platform/retry.ts';
import { closingReport, missedReport, type OpenAlert, shouldClose } from './missed-alert.ts';

export interface AlertSweepDeps {
  readonly github: GitHubAlertList;
  readonly orgs: readonly string[];
  readonly secretTypes: readonly string[];
  /** The earlier records of a report. */
  readonly earlier: (report: LeakReport) => Promise<Earlier>;
  /** Reports of resolved alerts that are to be looked at once more now. @throws {ListError} */
  readonly dueRechecks: () => Promise<readonly LeakReport[]>;
  readonly send: (report: LeakReport) => Promise<void>;
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What was done with an alert: queued, queued to be closed, queued for a second look, nothing since it is settled or too young, or failed. */
type AlertResult = 'queued' | 'closing' | 'rechecked' | 'settled' | 'young' | 'failed';

export interface AlertSweepResult {
  readonly status: 'swept';
  readonly alerts: Readonly<Record<AlertResult, number>>;
  /** Organisations that could not be swept to the end, and why. */
  readonly failed: readonly { readonly org: string; readonly reason: string }[];
}

/** Queues the open alerts of all organisations that were missed. One that fails does not stop the others. */
export async function sweepAlerts(deps: AlertSweepDeps): Promise<AlertSweepResult> {
  const alerts: Record<AlertResult, number> = {
    queued: 0,
    closing: 0,
    rechecked: 0,
    settled: 0,
    young: 0,
    failed: 0,
  };
  const failed: { org: string; reason: string }[] = [];
  for (const org of deps.orgs) {
    const reason = await sweepOrg(org, deps, (result) => {
      alerts[result] += 1;
    });
    if (reason === undefined) continue;
    failed.push({ org, reason });
    log('error', 'organisation not swept', { org, reason });
  }
  for (const result of await recheckDue(deps)) alerts[result] += 1;
  const job = { job: 'sweep-alerts' };
  log(failed.length > 0 ? 'warn' : 'info', 'alerts swept', { ...alerts, orgs_failed: failed.length });
  count('AlertSweepDone', job);
  count('AlertSweepQueued', job, alerts.queued + alerts.closing + alerts.rechecked);
  count('AlertSweepFailed', job, failed.length + alerts.failed);
  return { status: 'swept', alerts, failed };
}

/** @returns why the organisation was not swept to the end, if so */
async function sweepOrg(
  org: string,
  deps: AlertSweepDeps,
  onAlert: (result: AlertResult) => void,
): Promise<string | undefined> {
  const { deadline, github, secretTypes } = deps;
  let after: string | undefined;
  for (;;) {
    if (Date.now() >= deadline) return 'no time left; the next sweep continues';
    const listing = await github.listOpenAlerts({ org, secretTypes, after }, { deadline });
    if (!listing.ok) {
      const until = listing.retryAt;
      if (until === undefined || until + 1_000 >= deadline) return listing.reason;
      await sleep(Math.max(1_000, until - Date.now()));
      continue;
    }
    for (const result of await pooled(listing.alerts, 8, (alert) => queueIfMissed(alert, deps)))
      onAlert(result);
    if (listing.next === undefined) return undefined;
    if (listing.next === after) return "GitHub's listing repeats the same page";
    after = listing.next;
  }
}

async function queueIfMissed(alert: OpenAlert, deps: AlertSweepDeps): Promise<AlertResult> {
  const now = Date.now();
  const missed = missedReport(alert, { dryRun: deps.dryRun, now });
  if (missed.status === 'young') return 'young';
  if (missed.status === 'unreadable') {
    log('error', 'alert is not readable', { number: alert.number });
    return 'failed';
  }
  const { formerly, report } = missed;
  try {
    const outcome = (await known(report, deps)) ?? (await knownFormerly(formerly, report, deps));
    if (outcome === undefined) return await send(report, 'queued', deps);
    const closing = closingReport(report, now);
    const isLeft = shouldClose(outcome) && (await known(closing, deps)) === undefined;
    return isLeft ? await send(closing, 'closing', deps) : 'settled';
  } catch (error) {
    log('error', 'alert not queued', { report_id: report.report_id, ...errorFields(error) });
    return 'failed';
  }
}

/** Queues the second looks that are due and have no outcome yet. The next sweep tries again what failed. */
async function recheckDue(deps: AlertSweepDeps): Promise<AlertResult[]> {
  const due = await deps.dueRechecks().catch((error: unknown) => {
    log('error', 'second looks not read', errorFields(error));
    return undefined;
  });
  if (due === undefined) return ['failed'];
  return pooled(due, 8, async (report) => {
    try {
      const { outcome } = await deps.earlier(report);
      return outcome === undefined ? await send(report, 'rechecked', deps) : 'settled';
    } catch (error) {
      log('error', 'alert not queued', { report_id: report.report_id, ...errorFields(error) });
      return 'failed';
    }
  });
}

/** A record that cannot be read does not delay a leak: its report is queued again, which revokes nothing twice. */
async function known(report: LeakReport, { earlier }: AlertSweepDeps): Promise<Earlier['outcome']> {
  try {
    return (await earlier(report)).outcome;
  } catch (error) {
    log('warn', 'outcome not readable', { report_id: report.report_id, ...errorFields(error) });
    return undefined;
  }
}

function knownFormerly(formerly: LeakReport, { report_id }: LeakReport, deps: AlertSweepDeps) {
  return formerly.report_id === report_id ? undefined : known(formerly, deps);
}

async function send(
  report: LeakReport,
  result: 'queued' | 'closing' | 'rechecked',
  deps: AlertSweepDeps,
): Promise<AlertResult> {
  await deps.send(report);
  log('info', 'alert queued', { report_id: report.report_id, fate: result });
  return result;
}
