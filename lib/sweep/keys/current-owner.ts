import type { DevinServiceUsers } from '../../clients/devin-service-users.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { KeyOwner } from './policy.ts';

export type CurrentOwner =
  | { readonly status: 'found'; readonly owner: KeyOwner }
  | { readonly status: 'not_listed' }
  | { readonly status: 'unknown'; readonly reason: string };

/** The cursors between which the plan found a service user: `null` from the beginning, and to the end. */
export interface ListedBetween {
  readonly from: string | null;
  readonly to: string | null;
}

/** The service user as it is listed now. The API has no request for a single one. */
export type FindOwner = (serviceUserId: string, listed: ListedBetween) => Promise<CurrentOwner>;

type ListedOwners =
  | { readonly ok: true; readonly owners: ReadonlyMap<string, KeyOwner> }
  | { readonly ok: false; readonly reason: string };

/** Listings of one page of the plan that are read again; where it has more of them, the whole list is read. */
const MAX_NEAR = 10;

/** Looks where the plan found it, and through the whole list, once, for one that is no longer there. */
export function currentOwners(devin: DevinServiceUsers, retry: RetryOptions): FindOwner {
  const pages = new Map<string | null, Promise<ListedOwners>>();
  let whole: Promise<ListedOwners> | undefined;

  async function list({ from, to }: ListedBetween, atMost: number): Promise<ListedOwners> {
    const owners = new Map<string, KeyOwner>();
    const used = new Set<string | null>();
    for (let cursor = from; used.size < atMost; ) {
      used.add(cursor);
      const page = await devin.listServiceUsers(cursor, retry);
      if (!page.ok) return { ok: false, reason: page.reason };
      for (const [id, owner] of byId(page.users)) owners.set(id, owner);
      if (page.next === null || page.next === to) break;
      cursor = page.next;
      if (used.has(cursor)) return { ok: false, reason: 'the list of service users repeats the same pages' };
    }
    return { ok: true, owners };
  }

  return async (serviceUserId, listed) => {
    const page = pages.get(listed.from) ?? list(listed, MAX_NEAR);
    pages.set(listed.from, page);
    const near = await page;
    const found = near.ok ? near.owners.get(serviceUserId) : undefined;
    if (found !== undefined) return { status: 'found', owner: found };
    whole ??= list({ from: null, to: null }, Number.POSITIVE_INFINITY);
    const all = await whole;
    if (!all.ok) return { status: 'unknown', reason: all.reason };
    const owner = all.owners.get(serviceUserId);
    return owner === undefined ? { status: 'not_listed' } : { status: 'found', owner };
  };
}

function byId(users: readonly KeyOwner[]): Map<string, KeyOwner> {
  return new Map(
    users.map(({ expires_at, name, service_user_id }) => [
      service_user_id,
      { service_user_id, name, expires_at },
    ]),
  );
}
