import type { LedgerEntry } from './alert-ledger.ts';

/** How far an organisation was listed in one run. */
export interface OrgPass {
  /** Alerts that were listed, as `owner/repo/number`. */
  readonly seen: Set<string>;
  /** Every page was listed from the first one on. */
  isWhole: boolean;
  isEnded?: boolean;
  failed?: string;
}

/** For so long it is remembered that an alert was closed, so that it is noticed when it is open again. */
const REMEMBER_MS = 90 * 86_400_000;
/** The newest of them, so that the ledger stays readable at once. */
const MAX_GONE = 10_000;

/**
 * The entries of the next ledger: without those of other organisations, and with a note on those that a whole listing no
 * longer shows.
 *
 * @param now epoch milliseconds
 */
export function updateLedger(
  entries: ReadonlyMap<string, LedgerEntry>,
  passes: ReadonlyMap<string, OrgPass>,
  now: number,
): Record<string, LedgerEntry> {
  const byOrg = new Map([...passes].map(([org, pass]) => [org.toLowerCase(), pass]));
  const open: [string, LedgerEntry][] = [];
  const gone: [string, LedgerEntry & { gone: number }][] = [];
  for (const [name, entry] of entries) {
    const pass = byOrg.get(name.slice(0, name.indexOf('/')).toLowerCase());
    if (pass === undefined) continue;
    const isGone = pass.isWhole && pass.isEnded === true && !pass.seen.has(name);
    const since = entry.gone ?? (isGone ? now : undefined);
    if (since === undefined) open.push([name, entry]);
    else if (now - since < REMEMBER_MS) gone.push([name, { ...entry, gone: since }]);
  }
  gone.sort(([, a], [, b]) => b.gone - a.gone);
  return Object.fromEntries([...open, ...gone.slice(0, MAX_GONE)]);
}
