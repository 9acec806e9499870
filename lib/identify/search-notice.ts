import type { FirstName } from '../aws/list-objects.ts';
import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import type { RetryOptions } from '../platform/retry.ts';

/**
 * Announces that a leaked token of a service user is being searched for. Experiments at leisure about its other tokens stop
 * at the notice, since they use its keys at the same time. A notice is written once and expires by its name.
 *
 * @param until epoch milliseconds
 */
export function announceSearch(
  store: Pick<AuditStore, 'put'>,
  serviceUserId: string,
  until: number,
  retry: RetryOptions,
): Promise<Stored> {
  return store.put(`${folder(serviceUserId)}${moment(until)}.json`, { version: 1, until }, retry);
}

/**
 * Whether a search was announced that is not over yet.
 *
 * @param now epoch milliseconds
 * @returns `true` as well when it cannot be read: then nothing is done at leisure
 */
export async function isSearched(
  firstName: FirstName,
  serviceUserId: string,
  now: number,
  retry: RetryOptions,
): Promise<boolean> {
  const prefix = folder(serviceUserId);
  const notice = await firstName({ prefix, startAfter: `${prefix}${moment(now)}.json` }, retry);
  return !notice.ok || notice.name !== undefined;
}

/** @param serviceUserId of the form `ServiceUserId` */
function folder(serviceUserId: string): string {
  return `leases/service-user/${serviceUserId}/`;
}

/** Names sort by time. */
function moment(ms: number): string {
  return String(Math.ceil(ms)).padStart(14, '0');
}
