import type { ApiKey } from '../clients/devin.ts';

/** Which key of a service user leaked, as far as one listing shows. */
export type Choice =
  | { readonly choice: 'key'; readonly entry: ApiKey }
  | { readonly choice: 'none' }
  | { readonly choice: 'ambiguous'; readonly candidates: readonly ApiKey[] };

/**
 * Decides from a key listing: the only active key is the one, since only an active key's token works.
 *
 * @param firstSeen epoch milliseconds of the first use of the leaked token. A key made later is not the leaked one.
 */
export function chooseKey(keys: readonly ApiKey[], firstSeen: number): Choice {
  const latest = firstSeen / 1_000 + CLOCK_TOLERANCE_SECONDS;
  const candidates = keys.filter(({ created_at, is_active }) => is_active && created_at <= latest);
  const [only] = candidates;
  if (only === undefined) return { choice: 'none' };
  return candidates.length === 1 ? { choice: 'key', entry: only } : { choice: 'ambiguous', candidates };
}

/**
 * Keys that ended so recently that their tokens may still work for a while. While there is one, the only active key is
 * not known to be the leaked one.
 *
 * @param now epoch milliseconds
 * @param windowMs how long a revocation may take to show
 */
export function endedRecently(keys: readonly ApiKey[], now: number, windowMs: number): readonly ApiKey[] {
  const since = (now - windowMs) / 1_000 - CLOCK_TOLERANCE_SECONDS;
  const ended = ({ expires_at, revoked_at }: ApiKey): number =>
    Math.min(revoked_at ?? Number.POSITIVE_INFINITY, expires_at ?? Number.POSITIVE_INFINITY);
  return keys.filter((key) => !key.is_active && ended(key) >= since);
}

/** The keys that were revoked since an intent: an earlier delivery of the report may have done it before it died. */
export function keysRevokedSince(intentTime: number, keys: readonly ApiKey[]): readonly ApiKey[] {
  const since = intentTime / 1_000 - CLOCK_TOLERANCE_SECONDS;
  return keys.filter(({ revoked_at }) => typeof revoked_at === 'number' && revoked_at >= since);
}

/** How far apart the clocks of Devin and of Lambda may be. */
export const CLOCK_TOLERANCE_SECONDS = 300;
