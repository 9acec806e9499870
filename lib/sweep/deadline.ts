/**
 * When a sweep has to stop working, so that there is time left to hand over to its next invocation and to answer:
 * 15 s, or a fifth of a shorter time.
 *
 * @param remainingMs the time that the invocation has left, milliseconds
 * @param now epoch milliseconds
 * @returns epoch milliseconds
 */
export function sweepDeadline(remainingMs: number, now: number): number {
  return now + remainingMs - Math.min(15_000, remainingMs / 5);
}
