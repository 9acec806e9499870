import { type DevinActivity, ORIGINS, type Origin } from '../clients/devin-activity.ts';
import { pooled } from '../platform/map-concurrent.ts';
import type { RetryOptions } from '../platform/retry.ts';

const THIRTY_DAYS = 30 * 86_400;
/** For each origin. */
const MAX_PAGES = 3;

/** How the service user's sessions were started in the thirty days before, and from where those since then. */
export interface Usual {
  readonly sessions: number;
  /** Hours of the day, in UTC, in which a session was created. */
  readonly hours: ReadonlySet<number>;
  readonly origins: ReadonlySet<Origin>;
  /** By session id. */
  readonly originOf: ReadonlyMap<string, Origin>;
}

/** A session does not say where it came from, but the list can be asked for one origin. @param since UNIX seconds */
export async function readUsual(
  devin: Pick<DevinActivity, 'listSessions'>,
  serviceUserId: string,
  since: number,
  retry: RetryOptions,
): Promise<{ status: 'read'; usual: Usual } | { status: 'failed'; reason: string }> {
  const hours = new Set<number>();
  const origins = new Set<Origin>();
  const originOf = new Map<string, Origin>();
  let sessions = 0;
  const filter = { serviceUserId, createdAfter: Math.max(0, since - THIRTY_DAYS - 1) };
  const ends = await pooled([...ORIGINS], 3, (origin) =>
    devin.listSessions(
      { ...filter, origin },
      (items) => {
        for (const { created_at, session_id } of items) {
          if (created_at >= since) originOf.set(session_id, origin);
          else {
            sessions += 1;
            hours.add(hourOf(created_at));
            origins.add(origin);
          }
        }
      },
      { retry, maxPages: MAX_PAGES },
    ),
  );
  const failed = ends.find((end) => end.status === 'failed');
  return failed?.status === 'failed'
    ? { status: 'failed', reason: `what is usual is not known: ${failed.reason}` }
    : { status: 'read', usual: { sessions, hours, origins, originOf } };
}

/** What is unusual about a session: no session of the thirty days before was created within an hour of its time of day. */
export function unusual(
  session: { readonly session_id: string; readonly created_at: number },
  usual: Usual | undefined,
): ('hour' | 'origin')[] {
  if (usual === undefined) return [];
  const hour = hourOf(session.created_at);
  const isUsualHour = [hour - 1, hour, hour + 1].some((one) => usual.hours.has((one + 24) % 24));
  const origin = usual.originOf.get(session.session_id);
  const isUsualOrigin = origin === undefined || usual.origins.has(origin);
  return [...(isUsualHour ? [] : (['hour'] as const)), ...(isUsualOrigin ? [] : (['origin'] as const))];
}

function hourOf(seconds: number): number {
  return new Date(seconds * 1_000).getUTCHours();
}
