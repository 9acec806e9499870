import type { DevinActivity, ListEnd } from '../clients/devin-activity.ts';
import type { Schedule } from '../clients/devin-activity-shapes.ts';
import type { SeenSchedule } from '../domain/aftermath.ts';
import { plainId, plainText } from '../domain/plain-text.ts';
import { iso } from '../domain/time.ts';
import { pooled } from '../platform/map-concurrent.ts';
import type { RetryOptions } from '../platform/retry.ts';

const MAX_ORGS = 50;
const MAX_PAGES = 20;

export interface ScheduleSearch {
  readonly serviceUserId: string;
  /** UNIX seconds. */
  readonly since: number;
  readonly orgIds: ReadonlySet<string>;
  /** Ids of schedules that acts of the service user name: made or changed by it. */
  readonly named: ReadonlySet<string>;
}

/** The schedules that the service user made since then, or that its acts name, in the given organisations. */
export async function readSchedules(
  devin: Pick<DevinActivity, 'listSchedules'>,
  { named, orgIds, serviceUserId, since }: ScheduleSearch,
  retry: RetryOptions,
): Promise<{ schedules: SeenSchedule[]; ends: ListEnd[] }> {
  const found = new Map<string, SeenSchedule>();
  const isWanted = ({ created_at, created_by, scheduled_session_id }: Schedule): boolean =>
    named.has(scheduled_session_id) ||
    (created_by === serviceUserId && !(Date.parse(created_at) < since * 1_000));
  const take = (items: readonly Schedule[]): void => {
    for (const item of items.filter(isWanted)) {
      const id = plainId(item.scheduled_session_id) ?? '[an id of an unexpected form]';
      found.set(id, seen(item, id));
    }
  };
  const orgs = [...orgIds].slice(0, MAX_ORGS);
  const ends = await pooled(orgs, 3, (org) => devin.listSchedules(org, take, { retry, maxPages: MAX_PAGES }));
  const left = orgIds.size - orgs.length;
  const reason = `schedules of ${left} more organisations were not read`;
  return {
    schedules: [...found.values()],
    ends: left > 0 ? [...ends, { status: 'failed', reason, retryable: false }] : ends,
  };
}

function seen({ created_at, enabled, frequency, name, org_id }: Schedule, schedule_id: string): SeenSchedule {
  const created = Date.parse(created_at);
  return {
    schedule_id,
    org_id: plainId(org_id) ?? '[an id of an unexpected form]',
    name: plainText(name, 80),
    enabled,
    created_at: Number.isNaN(created) ? 'unknown' : iso(created),
    ...(frequency && { frequency: plainText(frequency, 40) }),
  };
}
