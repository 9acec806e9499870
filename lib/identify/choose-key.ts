import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Use } from './probe-token.ts';

/** Which key of a service user leaked, as far as one complete listing shows. */
export type Choice =
  | { readonly choice: 'key'; readonly entry: ApiKey }
  | { readonly choice: 'none' }
  | { readonly choice: 'ambiguous'; readonly candidates: readonly ApiKey[] };

/** When the leaked token was seen. */
export interface Sighting {
  /** Our first use of it. */
  readonly use: Use;
  /** Epoch milliseconds at which this software first saw the report. */
  readonly seenAt: number;
  /** Epoch milliseconds at which the detector saw it, or says that the leak began. */
  readonly leakedAt?: number | undefined;
}

/**
 * Decides from a complete key listing: the only key that the token can be of is the one.
 *
 * @param ended keys that ended so lately that their tokens may still work; while there is one, the only active key is not
 * known to be the leaked one
 */
export function chooseKey(
  keys: readonly ApiKey[],
  sighting: Sighting,
  ended: readonly ApiKey[] = [],
): Choice {
  const { use } = sighting;
  const active = keys.filter(
    ({ created_at, is_active }) => is_active && created_at <= latest(use, use.answered),
  );
  const [only] = active;
  if (only === undefined) return { choice: 'none' };
  return active.length === 1 && ended.length === 0 && wasMadeBefore(only, keys, sighting)
    ? { choice: 'key', entry: only }
    : { choice: 'ambiguous', candidates: [...active, ...ended] };
}

/** A key that was made after the token was first seen is not the leaked one, though no other is left. */
function wasMadeBefore(
  { created_at }: ApiKey,
  keys: readonly ApiKey[],
  { leakedAt, seenAt, use }: Sighting,
): boolean {
  // Where no other key ever was, the time that a detector names has nothing to choose between.
  const firstSeen = keys.length === 1 ? seenAt : Math.min(seenAt, leakedAt ?? seenAt);
  return (
    created_at <=
    (use.apiSecond === undefined ? firstSeen / 1_000 - CLOCK_TOLERANCE_SECONDS : latest(use, firstSeen))
  );
}

/**
 * The latest that the API's clock may have shown at a moment of ours, epoch seconds. The `Date` header of one use binds
 * the two clocks to a second and the time of the call; without it they may be far apart.
 */
function latest({ apiSecond, sent }: Use, ms: number): number {
  return apiSecond === undefined ? ms / 1_000 + CLOCK_TOLERANCE_SECONDS : apiSecond + 1 + (ms - sent) / 1_000;
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
