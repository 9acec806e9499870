import type { Earlier } from '../../audit/trail.ts';
import type { GitHubAlertList } from '../../clients/github-alert-list.ts';
import type { LeakReport } from '../../domain/report.ts';
import { errorFields, log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { count } from '../../platform/metrics.ts';
import { sleep } from '../../platform/retry.ts';
import { closingReport, isClosingLeft, missedReport, type OpenAlert } from './missed-alert.ts';

export interface AlertSweepDeps {
  readonly github: GitHubAlertList;
  readonly orgs: readonly string[];
  readonly secretTypes: readonly string[];
  /** What is on record of a report. */
  readonly earlier: (report: LeakReport) => Promise<Earlier>;
  readonly send: (report: LeakReport) => Promise<void>;
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What became of an alert: queued, queued to be closed, done before, too young, or failed. */
type Fate = 'queued' | 'closing' | 'settled' | 'young' | 'failed';

export interface AlertSweepResult {
  readonly status: 'swept';
  readonly alerts: Readonly<Record<Fate, number>>;
  /** Organisations that could not be swept to the end, and why. */
  readonly failed: readonly { readonly org: string; readonly reason: string }[];
}

/** Puts open alerts that were missed onto the queue of leaks, over all organisations. One that fails stops no other. */
export async function sweepAlerts(deps: AlertSweepDeps): Promise<AlertSweepResult> {
  const alerts: Record<Fate, number> = { queued: 0, closing: 0, settled: 0, young: 0, failed: 0 };
  const failed: { org: string; reason: string }[] = [];
  for (const org of deps.orgs) {
    const reason = await sweepOrg(org, deps, (fate) => {
      alerts[fate] += 1;
    });
    if (reason === undefined) continue;
    failed.push({ org, reason });
    log('error', 'organisation not swept', { org, reason });
  }
  const job = { job: 'sweep-alerts' };
  log(failed.length > 0 ? 'warn' : 'info', 'alerts swept', { ...alerts, orgs_failed: failed.length });
  count('AlertSweepDone', job);
  count('AlertSweepQueued', job, alerts.queued + alerts.closing);
  count('AlertSweepFailed', job, failed.length + alerts.failed);
  return { status: 'swept', alerts, failed };
}

/** @returns why the organisation was not swept to the end, if so */
async function sweepOrg(
  org: string,
  deps: AlertSweepDeps,
  tell: (fate: Fate) => void,
): Promise<string | undefined> {
  const { deadline, github, secretTypes } = deps;
  let after: string | undefined;
  for (;;) {
    if (Date.now() >= deadline) return 'no time left; the next sweep goes on';
    const listing = await github.listOpenAlerts({ org, secretTypes, after }, { deadline });
    if (!listing.ok) {
      const until = listing.retryAt;
      if (until === undefined || until + 1_000 >= deadline) return listing.reason;
      await sleep(Math.max(1_000, until - Date.now()));
      continue;
    }
    for (const fate of await pooled(listing.alerts, 8, (alert) => handOver(alert, deps))) tell(fate);
    if (listing.next === undefined) return undefined;
    if (listing.next === after) return "GitHub's listing does not get on";
    after = listing.next;
  }
}

async function handOver(alert: OpenAlert, deps: AlertSweepDeps): Promise<Fate> {
  const now = Date.now();
  const missed = missedReport(alert, { dryRun: deps.dryRun, now });
  if (missed === 'young') return 'young';
  if (missed === 'unreadable') {
    log('error', 'alert is not readable', { number: alert.number });
    return 'failed';
  }
  const { formerly, report } = missed;
  try {
    const outcome = (await known(report, deps)) ?? (await knownFormerly(formerly, report, deps));
    if (outcome === undefined) return await send(report, 'queued', deps);
    const closing = closingReport(report, now);
    const isLeft = isClosingLeft(outcome) && (await known(closing, deps)) === undefined;
    return isLeft ? await send(closing, 'closing', deps) : 'settled';
  } catch (error) {
    log('error', 'alert not queued', { report_id: report.report_id, ...errorFields(error) });
    return 'failed';
  }
}

/** A record that can not be read does not hold back a leak: its report is queued again, which does nothing twice. */
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

async function send(report: LeakReport, fate: 'queued' | 'closing', deps: AlertSweepDeps): Promise<Fate> {
  await deps.send(report);
  log('info', 'alert queued', { report_id: report.report_id, fate });
  return fate;
}
