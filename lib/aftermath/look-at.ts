import type { Devin } from '../clients/devin.ts';
import type { DevinActivity, ListEnd } from '../clients/devin-activity.ts';
import type { KeyListing } from '../clients/devin-shapes.ts';
import type { AftermathRequest, SeenSchedule } from '../domain/aftermath.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type Act, type ReadActs, readActs } from './read-acts.ts';
import { readSchedules } from './read-schedules.ts';
import { type ReadSessions, readSessions } from './read-sessions.ts';
import { readUsual, type Usual } from './read-usual.ts';
import { hours, sinceSecond } from './window.ts';

/** Something that could not be read or done. */
export interface Problem {
  readonly reason: string;
  /** A later try may do better. */
  readonly retryable: boolean;
}

/** All that was read of a service user. Times are UNIX seconds. */
export interface Sight {
  readonly since: number;
  readonly until: number;
  readonly sessions: ReadSessions;
  readonly acts: ReadActs;
  readonly schedules: readonly SeenSchedule[];
  readonly usual: Usual | undefined;
  /** The service user's keys, where they could be listed. */
  readonly keys: KeyListing;
  readonly problems: readonly Problem[];
}

export interface LookParts {
  readonly activity: DevinActivity;
  readonly devin: Pick<Devin, 'listKeys'>;
  readonly marginHours: number;
  readonly retry: RetryOptions;
}

type Asked = Pick<AftermathRequest, 'service_user_id' | 'api_key_id' | 'leaked_at' | 'exact'>;

/** Reads what a service user did since a leak, and what still runs. What cannot be read is a problem, never an error. */
export async function lookAt(
  { api_key_id, exact, leaked_at: leakedAt, service_user_id }: Asked,
  { activity, devin, marginHours, retry }: LookParts,
): Promise<Sight> {
  const now = Date.now();
  const until = Math.floor(now / 1_000);
  const times = { leakedAt, now, marginMs: exact ? 0 : hours(marginHours) };
  // When the key was made is not known yet.
  const earliest = sinceSecond(times);
  const [allSessions, allActs, keys] = await Promise.all([
    readSessions(activity, service_user_id, earliest, retry),
    readActs(activity, service_user_id, { since: earliest, until }, retry),
    devin.listKeys(service_user_id, retry),
  ]);
  const leaked = keys.ok ? keys.keys.find((key) => key.api_key_id === api_key_id) : undefined;
  const since = exact ? earliest : sinceSecond({ ...times, keyCreatedAt: leaked?.created_at });
  const sessions = {
    ...allSessions,
    sessions: allSessions.sessions.filter(({ created_at }) => created_at >= since),
  };
  const acts = since === earliest ? allActs : actsSince(allActs, since);
  const [schedules, usual] = await Promise.all([
    readSchedules(activity, scheduleSearch(service_user_id, since, sessions, acts), retry),
    sessions.sessions.length > 0 ? readUsual(activity, service_user_id, since, retry) : undefined,
  ]);
  return {
    since,
    until,
    sessions,
    acts,
    schedules: schedules.schedules,
    usual: usual?.status === 'read' ? usual.usual : undefined,
    keys,
    problems: [
      ...problemOf(sessions.end, 'sessions'),
      ...childProblem(sessions.unseenChildren),
      ...problemOf(acts.end, 'the audit log'),
      ...schedules.ends.flatMap((end) => problemOf(end, 'schedules')),
      ...(usual?.status === 'failed' ? [{ reason: usual.reason, retryable: false }] : []),
    ],
  };
}

function actsSince(read: ReadActs, since: number): ReadActs {
  const acts = read.acts.filter(({ at }) => at >= since);
  const byAction = new Map<string, number>();
  for (const { action } of acts) byAction.set(action, (byAction.get(action) ?? 0) + 1);
  return { ...read, acts, byAction };
}

function scheduleSearch(
  serviceUserId: string,
  since: number,
  { sessions }: ReadSessions,
  { acts }: { readonly acts: readonly Act[] },
) {
  return {
    serviceUserId,
    since,
    orgIds: new Set([
      ...sessions.map(({ org_id }) => org_id),
      ...acts.flatMap(({ ids, org_id }) => [org_id, ids.org_id].filter((id) => id !== undefined)),
    ]),
    named: new Set(
      acts.filter(({ action }) => action.includes('schedule')).flatMap(({ ids }) => Object.values(ids)),
    ),
  };
}

function problemOf(end: ListEnd, what: string): Problem[] {
  switch (end.status) {
    case 'complete':
      return [];
    case 'more':
      return [
        { reason: `${what}: the first ${end.pages} pages were read, and there are more`, retryable: false },
      ];
    case 'failed':
      return [{ reason: end.reason, retryable: end.retryable }];
    default:
      return end satisfies never;
  }
}

function childProblem(count: number): Problem[] {
  if (count === 0) return [];
  return [{ reason: `${count} child sessions are named and not listed`, retryable: false }];
}
