import type { Devin } from '../clients/devin.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Key } from '../domain/key.ts';
import { clockOffset } from './claim-revocation.ts';

/** A key's entry in a listing, and how far the API's clock was ahead of ours then, milliseconds. */
export interface FoundEntry {
  readonly entry: ApiKey | undefined;
  readonly clockOffsetMs: number;
}

/**
 * The key's entry in the listing. Best effort: what cannot be read is left out.
 *
 * @param deadline epoch milliseconds
 */
export async function findEntry(devin: Devin, key: Key, deadline: number): Promise<FoundEntry> {
  const listing = await devin.listKeys(key.service_user_id, { deadline, attempts: 2 }).catch(() => undefined);
  if (!listing?.ok) return { entry: undefined, clockOffsetMs: 0 };
  return {
    entry: listing.keys.find(({ api_key_id }) => api_key_id === key.api_key_id),
    clockOffsetMs: clockOffset(listing.apiSecond, Date.now()),
  };
}
