/** One report's place among those of a batch. */
export interface BatchPlace {
  /** Resolves when each other report has ended or waits as well, or at `until` (epoch milliseconds). */
  waitForOthers(until: number): Promise<void>;
  /** This report has ended. */
  end(): void;
  /** Hides the report's message while the work goes on, and not for long when the container dies meanwhile. */
  whileHidden<T>(work: Promise<T>): Promise<T>;
}

/** Keeps a message hidden while work goes on. */
export type KeepHidden = <T>(work: Promise<T>) => Promise<T>;

/** The places of a batch of reports, one for each message: one that would break the others can wait for them. */
export function batchBarrier(messages: readonly KeepHidden[]): BatchPlace[] {
  let busy = messages.length;
  const waiting: (() => void)[] = [];
  const resumeWhenIdle = (): void => {
    if (busy <= 0) for (const resume of waiting.splice(0)) resume();
  };
  return messages.map((whileHidden) => {
    let left = false;
    const leave = (): void => {
      if (!left) busy -= 1;
      left = true;
      resumeWhenIdle();
    };
    return {
      waitForOthers: (until) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, until - Date.now()));
          waiting.push(() => {
            clearTimeout(timer);
            resolve();
          });
          leave();
        }),
      end: leave,
      whileHidden,
    };
  });
}

/** The place of a report that came alone. */
export function onlyPlace(): BatchPlace {
  return { waitForOthers: () => Promise.resolve(), end() {}, whileHidden: (work) => work };
}
