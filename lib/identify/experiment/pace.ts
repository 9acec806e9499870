/** Calls that may fail in one run. */
const MOST_FAILURES = 20;
/** Milliseconds, when a 429 names no time of its own. */
const PAUSE_MS = 2_000;

/** Counts calls that failed. None of them ever counts as evidence. */
export class Pace {
  #failures = 0;
  /** Epoch milliseconds until which nothing is to be called, after a 429: then slots are longer. */
  pausedUntil: number | undefined;

  get isFailing(): boolean {
    return this.#failures > MOST_FAILURES;
  }

  failed(): void {
    this.#failures += 1;
  }

  limited(now: number, retryAfterMs = 0): void {
    this.#failures += 1;
    this.pausedUntil = Math.max(this.pausedUntil ?? 0, now + Math.max(PAUSE_MS, retryAfterMs));
  }
}
