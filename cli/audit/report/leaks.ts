import type { LeakFacts } from './facts.ts';

/** What is known of the token of a leak. */
export type LeakState = 'dead' | 'alive' | 'escalated' | 'not_found' | 'unfinished' | 'pending';

/** A leak: all reports of one alert, or one report that has no alert. A secret with several tokens is several leaks. */
export interface Leak {
  readonly id: string;
  readonly reports: readonly LeakFacts[];
  /** The report that says most of it: the first that ended in what `state` says. */
  readonly main: LeakFacts;
  readonly state: LeakState;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Milliseconds from the leak to the proof, where we revoked the key. */
  readonly timeToRevoke: number | undefined;
}

/** A report that is younger may still get its outcome. */
const PENDING_MS = 15 * 60_000;

const NO_LEAKS: ReadonlySet<string> = new Set(['sweep', 'drill']);

/** Gathers reports into leaks, the oldest first. Sweeps, drills and rehearsals are no leaks. @param now epoch milliseconds */
export function gatherLeaks(reports: readonly LeakFacts[], now: number): Leak[] {
  const ofLeaks = reports.filter(({ detector, status }) => !NO_LEAKS.has(detector) && status !== 'rehearsed');
  const leaks = [...Map.groupBy(ofLeaks, leakId)].flatMap(([id, own]) => {
    const parts = new Set(own.flatMap(({ part }) => part ?? []));
    if (parts.size === 0) return leak(id, own, now);
    // A report that ended before its tokens were told apart is about all of them.
    return [...parts].flatMap((part) => {
      const reports = own.filter((report) => report.part === undefined || report.part === part);
      return reports.some(({ status }) => status !== 'ignored') ? leak(`${id}#${part}`, reports, now) : [];
    });
  });
  return leaks.sort((a, b) => a.since - b.since);
}

/** What makes two reports one: the alert that they are about. */
function leakId({ alert, report_id }: LeakFacts): string {
  return alert === undefined ? report_id : alertName(alert);
}

export function alertName({ number, owner, repo }: NonNullable<LeakFacts['alert']>): string {
  return `${owner}/${repo}/${number}`;
}

export function isDead({ status }: Pick<LeakFacts, 'status'>): boolean {
  return status === 'revoked' || status === 'already_revoked';
}

/** A report that only asks to close the alert of a key that is dead already. */
export function isClosing({ report_id }: LeakFacts): boolean {
  return /\/closing\/[^/]+$/.test(report_id);
}

function leak(id: string, unordered: readonly LeakFacts[], now: number): Leak {
  const reports = unordered.toSorted((a, b) => a.at - b.at);
  const state = stateOf(reports, now);
  const main =
    reports.find((report) => reportState(report, now) === state && !isClosing(report)) ?? reports.at(-1);
  if (main === undefined) throw new Error('a leak has a report');
  const since = Math.min(...reports.map((report) => report.since));
  const revoked = reports.find(({ facts, status }) => status === 'revoked' && facts.proof !== undefined);
  const proof = revoked?.facts.proof;
  return {
    id,
    reports,
    main,
    state,
    since,
    timeToRevoke: proof && revoked ? Math.max(0, proof.at - revoked.since) : undefined,
  };
}

/** The last word on the token: a proof that it is dead stands until somebody finds it alive. */
function stateOf(reports: readonly LeakFacts[], now: number): LeakState {
  const states = reports.map((report) => reportState(report, now));
  const last = states.findLast((state) => state === 'dead' || state === 'alive');
  return last ?? states.at(-1) ?? 'unfinished';
}

function reportState(report: LeakFacts, now: number): LeakState {
  switch (report.status) {
    case 'revoked':
    case 'already_revoked':
      return 'dead';
    case 'still_alive':
      return 'alive';
    case 'escalated':
      return 'escalated';
    case 'not_found':
      return 'not_found';
    default:
      return now - report.at <= PENDING_MS ? 'pending' : 'unfinished';
  }
}
