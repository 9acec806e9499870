/** Grants a burst at first, and then one more for each interval: https://en.wikipedia.org/wiki/Token_bucket */
export interface TokenBucket {
  /** Whether there is one left, which is used up by it. */
  take(): boolean;
}

/** @param intervalMs milliseconds until one that was used is there again */
export function tokenBucket({ burst, intervalMs }: { burst: number; intervalMs: number }): TokenBucket {
  let left = burst;
  let filledAt = Date.now();
  return {
    take() {
      const now = Date.now();
      left = Math.min(burst, left + Math.max(0, now - filledAt) / intervalMs);
      filledAt = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
