import type { GitHubAlertList } from '../../clients/github-alert-list.ts';
import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { count } from '../../platform/metrics.ts';
import {
  type AlertLedger,
  EMPTY_LEDGER,
  type LedgerEntry,
  LedgerError,
  type LedgerStore,
} from './alert-ledger.ts';
import { type Listing, listPage } from './list-alerts.ts';
import { pace } from './pace.ts';
import { type AlertResult, type QueueAlertDeps, queueAlert } from './queue-alert.ts';
import { type OrgPass, updateLedger } from './update-ledger.ts';

export interface AlertSweepDeps extends Omit<QueueAlertDeps, 'pace'> {
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

/** What a run gathers on its way. */
interface Run {
  readonly deps: AlertSweepDeps & QueueAlertDeps;
  readonly known: ReadonlyMap<string, LedgerEntry>;
  readonly entries: Map<string, LedgerEntry>;
  readonly alerts: Record<AlertResult, number>;
  readonly passes: Map<string, OrgPass>;
}

const NONE = { queued: 0, closing: 0, settled: 0, waiting: 0, later: 0, young: 0, failed: 0 };

/** A run comes every 15 minutes or sooner, so an alert that is older was seen by the last one. */
const SINCE_LAST_RUN_MS = 20 * 60_000;

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
  count('AlertSweepQueued', job, alerts.queued + alerts.closing);
  count('AlertSweepFailed', job, failedOrgs + alerts.failed);
}

/** @returns where the next run continues */
async function sweepOrgs(run: Run, resume: AlertLedger['resume']): Promise<AlertLedger['resume']> {
  const { orgs } = run.deps;
  const listings = orgs.map((org): Listing => ({ org, after: undefined, used: new Set() }));
  for (const listing of listings) await sweepPages(listing, run, { onlyNew: true });
  const left: Record<string, string> = {};
  // Those that an earlier run did not end come first.
  const isLeft = ({ org }: Listing): boolean => resume[org] !== undefined;
  for (const listing of [...listings.filter(isLeft), ...listings.filter((one) => !isLeft(one))]) {
    const pass = passOf(listing, run);
    if (!pass.isEnded && pass.failed === undefined) {
      skipTo(resume[listing.org], listing, pass);
      await sweepPages(listing, run, { onlyNew: false });
    }
    // A cursor that was refused is not tried again.
    const isStuck = pass.failed !== undefined && listing.after === resume[listing.org];
    if (!pass.isEnded && !isStuck) left[listing.org] = listing.after ?? '';
  }
  return left;
}

/** Skips what the last run listed, unless this one has come further. */
function skipTo(after: string | undefined, listing: Listing, pass: OrgPass): void {
  if (after === undefined || after === '' || listing.used.has(after)) return;
  pass.isWhole = false;
  listing.after = after;
}

function passOf({ org }: Listing, { passes }: Run): OrgPass {
  const pass = passes.get(org) ?? { seen: new Set(), isWhole: true };
  passes.set(org, pass);
  return pass;
}

/** @param onlyNew stop after a page of which every alert is known */
async function sweepPages(listing: Listing, run: Run, { onlyNew }: { onlyNew: boolean }): Promise<void> {
  const { deps, known } = run;
  const pass = passOf(listing, run);
  for (;;) {
    const { after } = listing;
    const page = await listPage(listing, deps);
    if (page.status === 'out_of_time') return;
    if (page.status === 'refused') {
      pass.failed = page.reason;
      return;
    }
    run.alerts.failed += page.malformed;
    if (page.malformed > 0) {
      pass.isWhole = false;
      log('error', 'alerts are not readable', { org: listing.org, alerts: page.malformed });
    }
    await pooled(page.alerts, 8, async (alert) => {
      const name = `${alert.repository.full_name}/${alert.number}`;
      pass.seen.add(name);
      if (Date.now() >= deps.deadline) return;
      const { entry, result } = await queueAlert(alert, known.get(name), deps);
      // What failed for want of time is looked at again, with the rest of its page.
      run.alerts[Date.now() >= deps.deadline && result === 'failed' ? 'later' : result] += 1;
      if (entry !== undefined) run.entries.set(name, entry);
    });
    if (Date.now() >= deps.deadline) {
      // The next run looks at the rest of this page.
      listing.after = after;
      return;
    }
    if (page.isLast) {
      pass.isEnded = true;
      return;
    }
    const isKnown = page.alerts.every(({ number, repository }) =>
      known.has(`${repository.full_name}/${number}`),
    );
    if (onlyNew && isKnown) return;
  }
}

function hasChanged(before: AlertLedger, after: AlertLedger): boolean {
  return JSON.stringify({ ...before, backlog_until: 0 }) !== JSON.stringify({ ...after, backlog_until: 0 });
}
