import { type DevinActivity, isPathId, type ListEnd } from '../clients/devin-activity.ts';
import type { Session } from '../clients/devin-activity-shapes.ts';
import { plainId, plainText, plainUrl } from '../domain/plain-text.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** A session as it is kept in memory: nothing of it is longer than a line. Times are UNIX seconds. */
export interface KeptSession {
  readonly session_id: string;
  readonly org_id: string;
  readonly status: string;
  readonly created_at: number;
  readonly url?: string;
  readonly title?: string;
  readonly pull_requests: readonly string[];
  readonly as_user?: string;
  readonly parent_session_id?: string;
  readonly child_session_ids: readonly string[];
  /** It names the service user, or descends from a session that does. Otherwise it is the list that says so. */
  readonly isNamed: boolean;
}

export interface ReadSessions {
  readonly sessions: readonly KeptSession[];
  readonly end: ListEnd;
  /** Children that sessions name and no list shows. */
  readonly unseenChildren: number;
}

/** 20,000 sessions. */
const MAX_PAGES = 100;
const MAX_CHILDREN = 100;

/** Whether a session does nothing any more. One that is suspended can be resumed; an unknown status counts as running. */
export function isOver(status: string): boolean {
  return status === 'exit' || status === 'error';
}

/**
 * The sessions of a service user that were created at `since` (UNIX seconds) or later, and those that descend from them.
 * Children may not name the service user, so that they are looked for among all sessions of the enterprise.
 */
export async function readSessions(
  devin: Pick<DevinActivity, 'listSessions'>,
  serviceUserId: string,
  since: number,
  retry: RetryOptions,
): Promise<ReadSessions> {
  const found = new Map<string, KeptSession>();
  let oddIds = 0;
  const take = (items: readonly Session[], isWanted: (session: Session) => boolean): void => {
    for (const item of items) {
      if (item.created_at < since || !isWanted(item)) continue;
      const kept = keep(item, serviceUserId);
      if (kept === undefined) oddIds += 1;
      else found.set(kept.session_id, kept);
    }
  };
  const isOwn = ({ service_user_id }: Session) => (service_user_id ?? serviceUserId) === serviceUserId;
  const filter = { createdAfter: Math.max(0, since - 1) };
  const options = { retry, maxPages: MAX_PAGES };
  const own = await devin.listSessions({ ...filter, serviceUserId }, (items) => take(items, isOwn), options);
  let end = own;
  if (own.status !== 'failed' && missingChildren(found).length > 0) {
    const children = new Map<string, KeptSession>();
    const all = await devin.listSessions(
      filter,
      (items) => takeChildren(items, since, serviceUserId, children),
      options,
    );
    addDescendants(found, children);
    if (all.status === 'failed') end = all;
  }
  const odd = `${oddIds} sessions have ids of an unexpected form`;
  return {
    sessions: [...found.values()].sort((a, b) => a.created_at - b.created_at),
    end: end.status === 'complete' && oddIds > 0 ? { status: 'failed', reason: odd, retryable: false } : end,
    unseenChildren: missingChildren(found).length,
  };
}

function takeChildren(
  items: readonly Session[],
  since: number,
  serviceUserId: string,
  children: Map<string, KeptSession>,
): void {
  for (const item of items) {
    if (!item.parent_session_id || item.created_at < since) continue;
    const kept = keep(item, serviceUserId);
    if (kept) children.set(kept.session_id, kept);
  }
}

/** Adds each child whose parent is among the found, until there is none left. */
function addDescendants(found: Map<string, KeptSession>, children: ReadonlyMap<string, KeptSession>): void {
  const byParent = Map.groupBy(children.values(), ({ parent_session_id }) => parent_session_id);
  const open = [...found.values()];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    const named = parent.child_session_ids.flatMap((id) => children.get(id) ?? []);
    for (const one of [...(byParent.get(parent.session_id) ?? []), ...named]) {
      if (found.has(one.session_id)) continue;
      const child = { ...one, isNamed: parent.isNamed };
      found.set(child.session_id, child);
      open.push(child);
    }
  }
}

function missingChildren(found: ReadonlyMap<string, KeptSession>): string[] {
  return [...found.values()].flatMap(({ child_session_ids }) =>
    child_session_ids.filter((id) => !found.has(id)),
  );
}

function keep(session: Session, serviceUserId: string): KeptSession | undefined {
  const { org_id, parent_session_id, session_id } = session;
  if (!isRecordable(session_id) || !isRecordable(org_id)) return undefined;
  const url = plainUrl(session.url);
  const asUser = session.user_id
    ? (plainId(session.user_id) ?? '[a user id of an unexpected form]')
    : undefined;
  return {
    session_id,
    org_id,
    status: /^[a-z_]{1,32}$/.test(session.status) ? session.status : 'unknown',
    created_at: session.created_at,
    pull_requests: (session.pull_requests ?? []).flatMap(({ pr_url }) => plainUrl(pr_url) ?? []).slice(0, 5),
    child_session_ids: (session.child_session_ids ?? []).filter(isRecordable).slice(0, MAX_CHILDREN),
    isNamed: session.service_user_id === serviceUserId,
    ...(url !== undefined && { url }),
    ...(session.title && { title: plainText(session.title, 80) }),
    ...(asUser !== undefined && { as_user: asUser }),
    ...(parent_session_id && isRecordable(parent_session_id) && { parent_session_id }),
  };
}

function isRecordable(id: string): boolean {
  return isPathId(id) && plainId(id) !== undefined;
}
