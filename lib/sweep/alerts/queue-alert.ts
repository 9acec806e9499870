import type { Earlier } from '../../audit/read-earlier.ts';
import type { LeakReport } from '../../domain/report.ts';
import { errorFields, log } from '../../platform/log.ts';
import type { LedgerEntry } from './alert-ledger.ts';
import { alertReport, closingReport, leftToDo } from './alert-report.ts';
import { closingPauseAfter, isFresh, nextStep, pauseAfter, type Step, type Subject } from './next-step.ts';
import { type OpenAlert, readOpenAlert } from './open-alert.ts';
import type { Pace } from './pace.ts';

/**
 * What a run did with an alert: queued it, queued it to be closed or for a second look, or nothing, since it is settled, was queued before,
 * has to wait for a place in the backlog, is too young, or since that failed.
 */
export type AlertResult =
  | 'queued'
  | 'closing'
  | 'rechecked'
  | 'settled'
  | 'waiting'
  | 'later'
  | 'young'
  | 'failed';

/** `entry`: what the ledger has of it from now on; without one, it stays as it is. */
export interface AlertEnd {
  readonly result: AlertResult;
  readonly entry?: LedgerEntry;
}

export interface QueueAlertDeps {
  /** The earlier records of a report. */
  readonly earlier: (report: LeakReport) => Promise<Earlier>;
  /** Where a new leak goes. */
  readonly sendLeak: (report: LeakReport) => Promise<void>;
  /** Where everything else goes: a leak never waits behind it. */
  readonly sendBacklog: (report: LeakReport, delaySeconds: number) => Promise<void>;
  readonly pace: Pace;
  readonly dryRun: boolean;
  /** Older alerts are left, since it is not known whether they were queued before; epoch milliseconds. */
  readonly onlySince?: number | undefined;
}

/** A run comes every 15 minutes or sooner, so a leak that is older was seen by the last one. */
export const SINCE_LAST_RUN_MS = 20 * 60_000;

type Check = Extract<Step, { step: 'check' }>;

/** Queues an open alert unless it is settled or not due. Nothing is thrown. */
export async function queueAlert(
  alert: OpenAlert,
  entry: LedgerEntry | undefined,
  deps: QueueAlertDeps,
): Promise<AlertEnd> {
  const read = readOpenAlert(alert);
  if (read === undefined) {
    log('error', 'alert is not readable', { number: alert.number });
    return { result: 'failed' };
  }
  const now = Date.now();
  const step = nextStep(read.state, entry, { dryRun: deps.dryRun, now });
  if (step.step === 'young') return { result: 'young' };
  if (step.step === 'rest') return { result: 'settled', entry: step.entry };
  // Without a place in the backlog there is no need to read its records.
  if (!step.isFresh && !deps.pace.isOpen()) return { result: 'later', entry: step.entry };
  const { created, updated } = read.state;
  if (deps.onlySince !== undefined && created < deps.onlySince) return { result: 'later' };
  const report = (subject: Subject) => alertReport(read.ref, subject, { created, dryRun: deps.dryRun, now });
  try {
    return await queueUnlessSettled(step, { report, created, updated, now }, deps);
  } catch (error) {
    log('error', 'alert not queued', { report_id: report(step.subject).report_id, ...errorFields(error) });
    return { result: 'failed' };
  }
}

interface AlertFacts {
  readonly report: (subject: Subject) => LeakReport;
  readonly created: number;
  readonly updated: number;
  readonly now: number;
}

async function queueUnlessSettled(step: Check, facts: AlertFacts, deps: QueueAlertDeps): Promise<AlertEnd> {
  const { entry, subject } = step;
  const { now, report, updated } = facts;
  const { intent, outcome: own } = await earlierOf(report(subject), deps);
  const outcome = own ?? (await outcomeWhenNew(step, facts, deps));
  const left = outcome === undefined ? 'contain' : leftToDo(outcome, updated);
  switch (left) {
    case 'contain': {
      // Without its outcome, an alert that was settled is looked at once more.
      if (!step.isDue) return { result: 'waiting', ...(entry.phase !== 'settled' && { entry }) };
      const isRepeated = intent !== undefined || !isFirstRun(step, facts);
      return send({ ...report(subject), ...(isRepeated && ONCE) }, step, deps);
    }
    case 'nothing':
      return { result: 'settled', entry: { ...entry, phase: 'settled' } };
    case 'close':
      return close(report(subject), entry, now, deps);
    case 'contain again': {
      const reopened = { action: 'reopened', at: updated } as const;
      const again = { ...entry, ...reopened, phase: 'waiting', queued: 0 } as const;
      const isKnown = (await earlierOf(report(reopened), deps)).outcome !== undefined;
      return isKnown
        ? { result: 'settled', entry: { ...again, phase: 'settled' } }
        : send(report(reopened), { ...step, entry: again, isFresh: isFresh(updated, now) }, deps);
    }
    default:
      return left satisfies never;
  }
}

/**
 * Whether this is the first run that may report the leak, so that the queue repeats what fails. A later one may have sent
 * it before and not know it, since its ledger was not stored.
 */
function isFirstRun({ subject: { action, at } }: Check, { created, now }: AlertFacts): boolean {
  return now - (action === 'created' ? created : at) < SINCE_LAST_RUN_MS;
}

/** The webhook may have reported it when it was new, and it was changed since. */
async function outcomeWhenNew(
  { entry, subject }: Check,
  { created, report }: AlertFacts,
  deps: QueueAlertDeps,
) {
  if (entry.queued > 0 || subject.action !== 'created' || subject.at === created) return undefined;
  return (await earlierOf(report({ action: 'created', at: created }), deps)).outcome;
}

async function send(report: LeakReport, { entry, ...step }: Check, deps: QueueAlertDeps): Promise<AlertEnd> {
  const delay = step.isFresh ? await sendNow(report, deps) : await sendLater(report, deps);
  if (delay === undefined) return { result: 'later', entry };
  log('info', 'alert queued', { report_id: report.report_id, fate: 'queued' });
  const queued = entry.queued + 1;
  const due = Date.now() + delay * 1_000 + pauseAfter(queued);
  return { result: 'queued', entry: { ...entry, queued, due } };
}

async function close(
  report: LeakReport,
  entry: LedgerEntry,
  now: number,
  deps: QueueAlertDeps,
): Promise<AlertEnd> {
  const queued = entry.phase === 'closing' ? entry.queued + 1 : 1;
  const next = { ...entry, phase: 'closing', queued, due: now + closingPauseAfter(queued) } as const;
  const closing = closingReport(report, now);
  // Today's attempt may have been made by a run whose ledger was not stored.
  if ((await earlierOf(closing, deps)).outcome !== undefined) return { result: 'settled', entry: next };
  if ((await sendLater(closing, deps)) === undefined) return { result: 'later', entry };
  log('info', 'alert queued', { report_id: closing.report_id, fate: 'closing' });
  return { result: 'closing', entry: next };
}

/** The queue delivers it once: the sweep itself repeats what fails. */
const ONCE = { redeliver: false } as const;

async function sendNow(report: LeakReport, { sendLeak }: QueueAlertDeps): Promise<number> {
  await sendLeak(report);
  return 0;
}

/** @returns its delay in seconds; `undefined` without a place in the backlog */
async function sendLater(
  report: LeakReport,
  { pace, sendBacklog }: QueueAlertDeps,
): Promise<number | undefined> {
  const delay = pace.next();
  if (delay !== undefined) await sendBacklog({ ...report, ...ONCE }, delay);
  return delay;
}

/** A record that cannot be read does not delay a leak: its report is queued again, which revokes nothing twice. */
async function earlierOf(report: LeakReport, { earlier }: QueueAlertDeps): Promise<Earlier> {
  try {
    return await earlier(report);
  } catch (error) {
    log('warn', 'outcome not readable', { report_id: report.report_id, ...errorFields(error) });
    return {};
  }
}
