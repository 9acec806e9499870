import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { AlertLedger, LedgerEntry } from './alert-ledger.ts';
import { type ListDeps, type Listing, listPage } from './list-alerts.ts';
import { ledgerName } from './open-alert.ts';
import { type AlertResult, type QueueAlertDeps, queueAlert } from './queue-alert.ts';
import type { OrgPass } from './update-ledger.ts';

/** What a run gathers on its way. */
export interface Run {
  readonly deps: ListDeps & QueueAlertDeps & { readonly orgs: readonly string[] };
  /** By `owner/repo/number`: as the last run left them, and as this one does. */
  readonly known: ReadonlyMap<string, LedgerEntry>;
  readonly entries: Map<string, LedgerEntry>;
  readonly alerts: Record<AlertResult, number>;
  readonly passes: Map<string, OrgPass>;
}

/**
 * Looks at the open alerts of all organisations: first the newest of each, as far as they are not known; then the rest,
 * from where the last run stopped.
 *
 * @returns where the next run continues
 */
export async function sweepOrgs(run: Run, resume: AlertLedger['resume']): Promise<AlertLedger['resume']> {
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
      const name = ledgerName(listing.org, alert) ?? '';
      pass.seen.add(name);
      if (Date.now() >= deps.deadline) return;
      const { entry, result } = await queueAlert(alert, known.get(name), deps);
      // What failed because time ran out is read again, with the rest of its page.
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
    const isKnown = page.alerts.every((alert) => known.has(ledgerName(listing.org, alert) ?? ''));
    if (onlyNew && isKnown) return;
  }
}
