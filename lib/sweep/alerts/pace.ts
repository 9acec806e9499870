/** Hands out times at which messages of the backlog may be worked on, evenly spread. */
export interface Pace {
  /** Seconds to delay the next message by; `undefined` when it would wait for too long, so that a later run sends it. */
  next(): number | undefined;
  /** Whether `next` has a time left. */
  isOpen(): boolean;
  /** Until when times are taken, epoch milliseconds. */
  until(): number;
}

/** The longest delay of a message in SQS, milliseconds. */
const MAX_DELAY_MS = 900_000;

/**
 * At most `perMinute` messages a minute, over all runs.
 *
 * @param until the `until()` of the run before
 */
export function pace(perMinute: number, { now, until }: { now: number; until: number }): Pace {
  // A ledger of a clock that was ahead must not stop the backlog.
  let at = Math.min(Math.max(now, until), now + MAX_DELAY_MS);
  const isOpen = (): boolean => at - now < MAX_DELAY_MS;
  return {
    next() {
      if (!isOpen()) return undefined;
      const delay = Math.floor((at - now) / 1_000);
      at += 60_000 / perMinute;
      return delay;
    },
    isOpen,
    until: () => Math.ceil(at),
  };
}
