import type { TimedLook } from './plan.ts';
import type { Listing, World } from './world.ts';

const LOOKS = 5;
/** They are before the first coin, so a few that fail are left out. */
const LEAST_LOOKS = 3;
/** Milliseconds between them: five places in a second tell where the API's seconds begin. */
const EVERY_MS = 200;
/** Milliseconds that they may take to be answered. */
const PATIENCE_MS = 5_000;

/**
 * Reads the listing a few times before the first coin: how long calls take, what the API's clock says, and what the keys
 * show. `undefined`: too many calls failed, or the deadline or the signal came first.
 *
 * @param deadline epoch milliseconds
 */
export async function measureCalls(
  world: World,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<
  { readonly looks: readonly TimedLook[]; readonly lastUsed: ReadonlyMap<string, number | null> } | undefined
> {
  const begin = world.now();
  const calls: { readonly sent: number; answered?: number; listing?: Listing }[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await world.sleepUntil(begin + look * EVERY_MS, signal);
    if (signal?.aborted) return undefined;
    const call: (typeof calls)[number] = { sent: world.now() };
    calls.push(call);
    void world.list().then((listing) => {
      call.listing = listing;
      call.answered = world.now();
    });
  }
  const end = Math.min(world.now() + PATIENCE_MS, deadline);
  while (calls.some(({ listing }) => listing === undefined) && world.now() < end && !signal?.aborted)
    await world.sleepUntil(world.now() + EVERY_MS / 10, signal);
  const read = calls.flatMap(({ answered, listing, sent }) =>
    listing?.ok === true && answered !== undefined ? [{ sent, answered, ...listing }] : [],
  );
  const last = read.at(-1);
  return last !== undefined && read.length >= LEAST_LOOKS
    ? { looks: read, lastUsed: last.lastUsed }
    : undefined;
}
