import type { GitHubAlertList } from '../../clients/github-alert-list.ts';
import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import { type AlertLedger, EMPTY_LEDGER, LedgerError, type LedgerStore } from './alert-ledger.ts';
import { pace } from './pace.ts';
import { type AlertResult, type QueueAlertDeps, SINCE_LAST_RUN_MS } from './queue-alert.ts';
import { type RecheckDeps, recheckDue } from './recheck-due.ts';
import { type Run, sweepOrgs } from './sweep-orgs.ts';
import { updateLedger } from './update-ledger.ts';

export interface AlertSweepDeps extends Omit<QueueAlertDeps & RecheckDeps, 'pace'> {
  readonly github: GitHubAlertList;
  readonly ledger: LedgerStore;
  /** Each once. */
  readonly orgs: readonly string[];
  readonly secretTypes: readonly string[];
  /** Messages of the backlog a minute. */
  readonly backlogPerMinute: number;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

export interface AlertSweepResult {
  readonly status: 'swept';
  readonly alerts: Readonly<Record<AlertResult, number>>;
  /** Organisations that could not be swept to the end, and why. */
  readonly failed: readonly { readonly org: string; readonly reason: string }[];
}

const NONE = { queued: 0, closing: 0, rechecked: 0, settled: 0, waiting: 0, later: 0, young: 0, failed: 0 };

/**
 * Queues the open alerts of all organisations that were missed. First the newest of each organisation, as far as they
 * are not known; then the rest, from where the last run stopped. One that fails does not stop the others.
 */
export async function sweepAlerts(deps: AlertSweepDeps): Promise<AlertSweepResult> {
  const retry = { deadline: deps.deadline, attempts: 4 };
  const before = await deps.ledger.read(retry).catch(ledgerFailed);
  const ledger = before ?? EMPTY_LEDGER;
  const now = Date.now();
  const slots = pace(deps.backlogPerMinute, { now, until: ledger.backlog_until });
  const known = new Map(Object.entries(ledger.alerts));
  const onlySince = before === undefined ? now - SINCE_LAST_RUN_MS : undefined;
  const run: Run = {
    deps: { ...deps, pace: slots, onlySince },
    known,
    entries: new Map(known),
    alerts: { ...NONE },
    passes: new Map(),
  };
  const resume = await sweepOrgs(run, ledger.resume);
  for (const result of await recheckDue({ ...deps, pace: slots })) run.alerts[result] += 1;
  const alerts = updateLedger(run.entries, run.passes, Date.now());
  const next: AlertLedger = { version: 1, resume, backlog_until: slots.until(), alerts };
  const failed = [...run.passes].flatMap(([org, pass]) =>
    pass.failed === undefined ? [] : [{ org, reason: pass.failed }],
  );
  for (const one of failed) log('error', 'organisation not swept', one);
  report(run.alerts, failed.length);
  if (before !== undefined && hasChanged(before, next)) {
    await deps.ledger.write(next, { ...retry, deadline: deps.deadline + 5_000 }).catch(ledgerFailed);
  }
  return { status: 'swept', alerts: run.alerts, failed };
}

/** A leak is queued all the same; what was queued before is at most queued once more. */
function ledgerFailed(error: unknown): undefined {
  if (!(error instanceof LedgerError)) throw error;
  log('error', 'ledger of alerts failed', { reason: error.message });
  count('AlertSweepFailed', { job: 'sweep-alerts' });
}

function report(alerts: Run['alerts'], failedOrgs: number): void {
  const job = { job: 'sweep-alerts' };
  log(failedOrgs > 0 ? 'warn' : 'info', 'alerts swept', { ...alerts, orgs_failed: failedOrgs });
  count('AlertSweepDone', job);
  count('AlertSweepQueued', job, alerts.queued + alerts.closing + alerts.rechecked);
  count('AlertSweepFailed', job, failedOrgs + alerts.failed);
}

function hasChanged(before: AlertLedger, after: AlertLedger): boolean {
  return JSON.stringify({ ...before, backlog_until: 0 }) !== JSON.stringify({ ...after, backlog_until: 0 });
}
