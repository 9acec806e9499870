const HOUR_MS = 3_600_000;

export interface WindowFacts {
  /** Epoch milliseconds. */
  readonly leakedAt: number;
  /** Milliseconds before the leak that are looked at too; none where a person gave the time. */
  readonly marginMs: number;
  /** UNIX seconds at which the leaked key was made, where that is known. */
  readonly keyCreatedAt?: number | undefined;
  readonly now: number;
}

/**
 * The first UNIX second that counts as "since the leak": the leak less the margin, and not before there was the key.
 */
export function sinceSecond({ keyCreatedAt, leakedAt, marginMs, now }: WindowFacts): number {
  const since = Math.min(Math.floor((leakedAt - marginMs) / 1_000), Math.floor(now / 1_000));
  return Math.max(0, since, keyCreatedAt ?? 0);
}

export function hours(count: number): number {
  return count * HOUR_MS;
}

/** Ranges of at most 99 days each, oldest first; the audit log takes no more than 100. UNIX seconds. */
export function auditWindows(after: number, before: number): { after: number; before: number }[] {
  const step = 99 * 86_400;
  const windows: { after: number; before: number }[] = [];
  for (let from = after; from < before; from += step) {
    windows.push({ after: from, before: Math.min(before, from + step) });
  }
  return windows;
}
