import type { Devin } from '../../clients/devin.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { KeyOwner } from './policy.ts';

export type CurrentOwner =
  | { readonly status: 'found'; readonly owner: KeyOwner }
  | { readonly status: 'not_listed' }
  | { readonly status: 'unknown'; readonly reason: string };

/**
 * The service user as it is listed now. The API has no request for a single one.
 *
 * @param cursor of the page on which the plan found it
 */
export type FindOwner = (serviceUserId: string, cursor: string | null) => Promise<CurrentOwner>;

type ListedOwners =
  | { readonly ok: true; readonly owners: ReadonlyMap<string, KeyOwner> }
  | { readonly ok: false; readonly reason: string };

/** Looks on the page of the plan, and through the whole list, once, for one that is no longer there. */
export function currentOwners(devin: Pick<Devin, 'listServiceUsers'>, retry: RetryOptions): FindOwner {
  const pages = new Map<string | null, Promise<ListedOwners>>();
  let whole: Promise<ListedOwners> | undefined;

  async function listPage(cursor: string | null): Promise<ListedOwners> {
    const page = await devin.listServiceUsers(cursor, retry);
    return page.ok ? { ok: true, owners: byId(page.users) } : { ok: false, reason: page.reason };
  }

  async function listAll(): Promise<ListedOwners> {
    const owners = new Map<string, KeyOwner>();
    const used = new Set<string | null>();
    for (let cursor: string | null = null; ; ) {
      used.add(cursor);
      const page = await devin.listServiceUsers(cursor, retry);
      if (!page.ok) return { ok: false, reason: page.reason };
      for (const [id, owner] of byId(page.users)) owners.set(id, owner);
      if (page.next === null) return { ok: true, owners };
      cursor = page.next;
      if (used.has(cursor)) return { ok: false, reason: 'the list of service users repeats the same pages' };
    }
  }

  return async (serviceUserId, cursor) => {
    const page = pages.get(cursor) ?? listPage(cursor);
    pages.set(cursor, page);
    const near = await page;
    const found = near.ok ? near.owners.get(serviceUserId) : undefined;
    if (found !== undefined) return { status: 'found', owner: found };
    whole ??= listAll();
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
