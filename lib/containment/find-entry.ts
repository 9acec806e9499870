import type { ApiKey, Devin } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';

/**
 * The key's entry in the listing, for the record alone. Best effort: what cannot be read is left out.
 *
 * @param deadline epoch milliseconds
 */
export async function findEntry(devin: Devin, key: Key, deadline: number): Promise<ApiKey | undefined> {
  const listing = await devin.listKeys(key.service_user_id, { deadline, attempts: 2 }).catch(() => undefined);
  return listing?.ok ? listing.keys.find(({ api_key_id }) => api_key_id === key.api_key_id) : undefined;
}
