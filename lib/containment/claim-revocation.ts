import type { Deletion } from '../domain/outcome-facts.ts';

/** Milliseconds that the listing's whole seconds, and the way there and back, take away from exactness. */
const TOLERANCE_MS = 3_000;
/** Milliseconds within which a DELETE has its effect, with all attempts to send it. */
const TAKES_AT_MOST_MS = 120_000;

export interface ListedRevocation {
  /** Epoch seconds of the API's clock, as the listing shows it. */
  readonly revokedAt: number;
  /** How far the API's clock is ahead of ours, milliseconds. */
  readonly clockOffsetMs: number;
}

/**
 * Decides whether a key died of a DELETE of this report: one was answered 200, or the answer to one was lost and the
 * listing shows the key revoked right then. That it was intended, or sent and refused, says nothing.
 *
 * @param deletions of this key
 */
export function isOurRevocation(
  deletions: readonly Deletion[],
  listed: ListedRevocation | undefined,
): boolean {
  if (deletions.some(({ answer }) => answer === 'revoked')) return true;
  if (listed === undefined) return false;
  const revokedAt = listed.revokedAt * 1_000 - listed.clockOffsetMs;
  return deletions.some(
    ({ answer, lost_answer, sent_at }) =>
      (answer === 'unanswered' || lost_answer === true) &&
      revokedAt >= sent_at - TOLERANCE_MS &&
      revokedAt <= sent_at + TAKES_AT_MOST_MS,
  );
}

/** What a listing shows of a key that was revoked. @param apiSecond epoch seconds, by the answer's `Date` header */
export function listedRevocation(
  entry: { readonly revoked_at?: number | null | undefined } | undefined,
  clockOffsetMs: number,
): ListedRevocation | undefined {
  return typeof entry?.revoked_at === 'number' ? { revokedAt: entry.revoked_at, clockOffsetMs } : undefined;
}

/**
 * How far the API's clock is ahead of ours; 0 where its answer does not say.
 *
 * @param apiSecond epoch seconds, by the answer's `Date` header
 * @param now epoch milliseconds, when the answer came
 */
export function clockOffset(apiSecond: number | undefined, now: number): number {
  if (apiSecond === undefined) return 0;
  const offset = apiSecond * 1_000 - now;
  // The header holds whole seconds, and the answer was on its way.
  return offset > -2_000 && offset <= 0 ? 0 : offset;
}
