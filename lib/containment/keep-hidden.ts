/** Seconds for which a message stays hidden after a heartbeat: so long is a report lost from sight after a crash. */
export const HIDDEN_SECONDS = 60;
/** Seconds between heartbeats. */
const BEAT_SECONDS = 20;
/** Seconds for which it is hidden once the work is over: what follows has this long, as the queue's visibility gives it. */
export const AFTERWARDS_SECONDS = 240;

/**
 * Keeps a message hidden while long work goes on, by a heartbeat, so that a crash brings it back soon.
 *
 * @param hide hides the message for so many seconds from now; it never rejects
 */
export async function keepHidden<T>(hide: (seconds: number) => Promise<void>, work: Promise<T>): Promise<T> {
  let beat = hide(HIDDEN_SECONDS);
  const timer = setInterval(() => {
    beat = hide(HIDDEN_SECONDS);
  }, BEAT_SECONDS * 1_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    // A late heartbeat must not shorten what is set now.
    await beat;
    await hide(AFTERWARDS_SECONDS);
  }
}
