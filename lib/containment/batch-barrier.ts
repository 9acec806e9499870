/** One report's place among those of a batch. */
export interface Turn {
  /** Resolves when each other report has ended or waits as well, or when the time is up (epoch milliseconds). */
  waitForOthers(until: number): Promise<void>;
  /** Says that this report has ended. */
  end(): void;
}

/** Makes the places of a batch, so that what would break the others can go last. */
export function turns(count: number): Turn[] {
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
export function onlyTurn(): Turn {
  return { waitForOthers: () => Promise.resolve(), end() {} };
}
