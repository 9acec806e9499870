import type { LedgerEntry } from './alert-ledger.ts';
import type { AlertState } from './open-alert.ts';

/** The report that an alert makes: the same as that of the webhook of this action, `at` epoch milliseconds. */
export type Subject = Pick<LedgerEntry, 'action' | 'at'>;

export type Step =
  /** Its webhook may still be on its way. */
  | { readonly step: 'young' }
  /** There is nothing to do now. */
  | { readonly step: 'rest'; readonly entry: LedgerEntry }
  /** Look at its outcome. Unless that settles it, queue it if it is due. `isFresh`: it is a new leak. */
  | {
      readonly step: 'check';
      readonly subject: Subject;
      readonly entry: LedgerEntry;
      readonly isDue: boolean;
      readonly isFresh: boolean;
    };

/** An alert that was made or changed this recently is left to its webhook. */
const WEBHOOK_MS = 5 * 60_000;
/** An alert that is no older was missed by its webhook; an older one is part of a backlog. */
const FRESH_MS = 3_600_000;

/** @param at when it began, epoch milliseconds */
export function isFresh(at: number, now: number): boolean {
  return now - at < FRESH_MS;
}

/**
 * Decides what a run does with an alert. A change of `updated_at` alone is none: only an alert that was reopened, is
 * public now, or is confirmed by its issuer makes a new report, as its webhook does.
 *
 * @param entry what the ledger has of it, if anything
 */
export function nextStep(
  state: AlertState,
  entry: LedgerEntry | undefined,
  { dryRun, now }: { dryRun: boolean; now: number },
): Step {
  if (entry === undefined) {
    if (now - state.created < WEBHOOK_MS) return { step: 'young' };
    const subject = { action: 'created', at: state.updated } as const;
    return check(subject, state, { isFresh: isFresh(state.created, now), dryRun, now });
  }
  const action = changed(state, entry);
  if (action !== undefined) {
    if (now - state.updated < WEBHOOK_MS) return { step: 'young' };
    const subject = { action, at: state.updated };
    return check(subject, state, { isFresh: isFresh(state.updated, now), dryRun, now });
  }
  const seen = listed(entry, state);
  // What was only rehearsed is new to a run that revokes.
  const rehearsed = entry.dry === true && !dryRun;
  if (rehearsed) return check(entry, state, { isFresh: false, dryRun, now });
  if (entry.phase === 'settled') {
    if (state.updated <= entry.updated) return { step: 'rest', entry: seen };
    if (now - state.updated < WEBHOOK_MS) return { step: 'young' };
    // It may have been closed and opened again between two runs, which its outcome shows.
    return { step: 'check', subject: entry, entry: seen, isDue: false, isFresh: false };
  }
  const isDue = now >= entry.due;
  if (entry.phase === 'closing' && !isDue) return { step: 'rest', entry: seen };
  return { step: 'check', subject: entry, entry: seen, isDue, isFresh: false };
}

function changed(state: AlertState, entry: LedgerEntry): LedgerEntry['action'] | undefined {
  if (entry.gone !== undefined && state.updated > entry.updated) return 'reopened';
  if (state.public && !entry.public) return 'publicly_leaked';
  return state.active && !entry.active ? 'validated' : undefined;
}

function check(
  { action, at }: Subject,
  state: AlertState,
  { dryRun, now, ...rest }: { dryRun: boolean; isFresh: boolean; now: number },
): Step {
  const { active, public: isPublic, updated } = state;
  const entry: LedgerEntry = {
    action,
    at,
    updated,
    public: isPublic,
    active,
    phase: 'waiting',
    queued: 0,
    due: now,
    ...(dryRun && { dry: true }),
  };
  return { step: 'check', subject: { action, at }, entry, isDue: true, ...rest };
}

/** The entry of an alert that is listed, with what the listing shows; its report stays. */
function listed({ gone: _gone, ...entry }: LedgerEntry, state: AlertState): LedgerEntry {
  return { ...entry, updated: state.updated, public: state.public, active: state.active };
}

/** A minute less, so that a run that starts early by seconds does not wait for the next one. */
const minutes = (count: number): number => (count - 1) * 60_000;
const DAY = 24 * 60;
/** Daily for two weeks, then weekly. */
const FIRST_PAUSES = [minutes(15), minutes(60), minutes(6 * 60)];
const DAILY = 14;

/**
 * Milliseconds until an alert without an outcome is due again, after it was queued so often. In 30 days that makes 19
 * messages; with eight attempts of the webhook's message, eight of the first one and an intent, at most 35 records.
 */
export function pauseAfter(queued: number): number {
  const first = FIRST_PAUSES[queued - 1];
  if (first !== undefined) return first;
  return queued - FIRST_PAUSES.length <= DAILY - 1 ? minutes(DAY) : minutes(7 * DAY);
}

/** The same for an alert of a dead key that GitHub refuses to close: each attempt is a report with records of its own. */
export function closingPauseAfter(queued: number): number {
  return minutes(DAY * Math.min(2 ** (queued - 1), 16));
}
