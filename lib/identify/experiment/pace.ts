/** Calls that may fail in one run. */
const MOST_FAILURES = 20;
/** Milliseconds, when a 429 names no time of its own. */
const PAUSE_MS = 2_000;
/** Every slot, every second one, … is played. */
const WIDEST_STRIDE = 8;

/** Which slots are played, as calls fail or are refused for their number. What failed never counts as evidence. */
export class Pace {
  #failures = 0;
  #stride = 1;
  /** Epoch milliseconds. */
  #pausedUntil = 0;

  get isFailing(): boolean {
    return this.#failures > MOST_FAILURES;
  }

  failed(): void {
    this.#failures += 1;
  }

  /** A 429: pauses, and then plays half as many slots. */
  limited(now: number, retryAfterMs = 0): void {
    this.#failures += 1;
    // Calls that were on their way together are refused together.
    if (now < this.#pausedUntil) return;
    this.#pausedUntil = now + Math.max(PAUSE_MS, retryAfterMs);
    this.#stride = Math.min(2 * this.#stride, WIDEST_STRIDE);
  }

  /** Decided before the slot's coin is tossed. */
  plays(slot: number, now: number): boolean {
    return now >= this.#pausedUntil && slot % this.#stride === 0;
  }
}
