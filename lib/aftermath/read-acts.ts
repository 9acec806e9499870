import type { DevinActivity, ListEnd } from '../clients/devin-activity.ts';
import type { AuditLogEntry } from '../clients/devin-activity-shapes.ts';
import { plainId } from '../domain/plain-text.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { auditWindows } from './window.ts';

/** An act of the service user, without what it wrote. `at` is in UNIX seconds. */
export interface Act {
  readonly action: string;
  readonly at: number;
  readonly org_id?: string;
  /** Ids in `data`, by the name of their field. */
  readonly ids: Readonly<Record<string, string>>;
}

export interface ReadActs {
  /** The first of them, in the order of the list; of those that make a key, all within reason. */
  readonly acts: readonly Act[];
  /** All of them, by action. */
  readonly byAction: ReadonlyMap<string, number>;
  readonly end: ListEnd;
}

/** 20,000 entries of the whole enterprise: the log has no filter by principal. */
const MAX_PAGES = 100;
const MAX_ACTS = 2_000;
const MAX_ACTIONS = 100;

/** What a service user did from `since` to `until`, both in UNIX seconds, by the enterprise's audit log. */
export async function readActs(
  devin: Pick<DevinActivity, 'listAuditLog'>,
  serviceUserId: string,
  { since, until }: { since: number; until: number },
  retry: RetryOptions,
): Promise<ReadActs> {
  const acts: Act[] = [];
  const byAction = new Map<string, number>();
  let pages = 0;
  const take = (items: readonly AuditLogEntry[]): void => {
    pages += 1;
    for (const item of items) {
      if (item.service_user_id !== serviceUserId || item.created_at < since) continue;
      const act = actOf(item);
      const name = byAction.has(act.action) || byAction.size < MAX_ACTIONS ? act.action : 'other';
      byAction.set(name, (byAction.get(name) ?? 0) + 1);
      if (acts.length < (act.action.endsWith('_api_key') ? 2 * MAX_ACTS : MAX_ACTS)) acts.push(act);
    }
  };
  let end: ListEnd = { status: 'complete' };
  // The borders may or may not be included.
  for (const window of auditWindows(Math.max(0, since - 1), until + 1)) {
    if (pages >= MAX_PAGES) return { acts, byAction, end: { status: 'more', pages } };
    end = await devin.listAuditLog(window, take, { retry, maxPages: MAX_PAGES - pages });
    if (end.status !== 'complete') break;
  }
  return { acts, byAction, end };
}

function actOf({ action, created_at, data, org_id }: AuditLogEntry): Act {
  const org = plainId(org_id);
  return {
    action: /^[a-z][a-z0-9_.-]{0,63}$/.test(action) && plainId(action) !== undefined ? action : 'other',
    at: created_at,
    ids: idsIn(data),
    ...(org !== undefined && { org_id: org }),
  };
}

/** `data` is not documented: ids are taken from fields that are called so, at the top or one level below it. */
function idsIn(data: unknown): Record<string, string> {
  const ids: Record<string, string> = {};
  const collect = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, field] of Object.entries(value).slice(0, 50)) {
      const id = /^(?:[a-z_]{1,40}_)?id$/.test(name) ? plainId(field) : undefined;
      if (id !== undefined) ids[name] ??= id;
      else if (depth > 0) collect(field, depth - 1);
    }
  };
  collect(data, 1);
  return ids;
}
