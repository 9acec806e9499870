import type { LogEntry, ServerKnobs } from './http-server.ts';

/** What a stand-in does to the requests that reach it. */
export interface Faults {
  /** The share of requests that fail: a third before they take effect, a third after it, a third by a broken connection. */
  readonly share: number;
  /** Requests a second, above which it answers 429; 0 = no limit. */
  readonly perSecond: number;
  /** Called when a request took effect. */
  readonly onEffect?: (entry: LogEntry) => void;
}

/** Makes a stand-in fail and limit its callers. @returns how many requests met each fault */
export function injectFaults(knobs: ServerKnobs, { onEffect, perSecond, share }: Faults) {
  const met = { limited: 0, refused: 0, broken: 0, lost: 0 };
  let allowed = perSecond;
  let filledAt = Date.now();
  const isLimited = (): boolean => {
    if (perSecond === 0) return false;
    const now = Date.now();
    allowed = Math.min(perSecond, allowed + ((now - filledAt) * perSecond) / 1_000);
    filledAt = now;
    if (allowed < 1) return true;
    allowed -= 1;
    return false;
  };
  knobs.onArrival = () => {
    if (isLimited()) {
      met.limited += 1;
      return 429;
    }
    const dice = Math.random();
    if (dice >= (share * 2) / 3) return undefined;
    if (dice >= share / 3) {
      met.refused += 1;
      return 503;
    }
    met.broken += 1;
    return 'hang up';
  };
  knobs.onRequest = (entry) => {
    onEffect?.(entry);
    if (Math.random() >= share / 3) return;
    met.lost += 1;
    // The stand-in answers 500, and the effect stays.
    throw new Error('lost after its effect');
  };
  return met;
}
