/** One report's place among those of a batch. */
export interface BatchPlace {
  /** Resolves when each other report has ended or waits as well, or at `until` (epoch milliseconds). */
  waitForOthers(until: number): Promise<void>;
  /** This report has ended. */
  end(): void;
}

/** The places of a batch of `count` reports: one that would break the others can wait for them. */
export function batchBarrier(count: number): BatchPlace[] {
  let busy = count;
  const waiting: (() => void)[] = [];
  const resumeWhenIdle = (): void => {
    if (busy <= 0) for (const resume of waiting.splice(0)) resume();
  };
  return Array.from({ length: count }, () => {
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
    };
  });
}

/** The place of a report that came alone. */
export function onlyPlace(): BatchPlace {
  return { waitForOthers: () => Promise.resolve(), end() {} };
}
