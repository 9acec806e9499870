/** What a probe of the token showed, and when it was sent, epoch milliseconds. `unproven`: neither dead nor alive. */
export type ProbeSight = { readonly sentAt: number } & (
  | { readonly status: 'dead' }
  | { readonly status: 'alive' | 'unproven'; readonly reason: string }
);

/** `open`: `until` is when the present row of 401 is long enough, epoch milliseconds; left out while there is none. */
export type ProbesVerdict =
  | { readonly verdict: 'dead'; readonly spreadMs: number }
  | { readonly verdict: 'open'; readonly until?: number };

/** So many 401 in a row are a proof: a single one may come from a firewall or from a node that is out of step. */
export const PROBES = 3;
/** Milliseconds between the first probes; each is sent without waiting for the answer to the one before. */
export const SPACING_MS = 150;
/** Milliseconds between the first and the last 401 of a row, when no probe was answered otherwise. */
const SPREAD_MS = 250;

/**
 * Decides from the probes so far, in the order in which they were sent. One answer other than 401 starts the count
 * afresh. Once the token was seen alive, nodes of the API disagree or the revocation takes its time, and the row has to
 * last for half of the proof window.
 */
export function judgeProbes(sights: readonly ProbeSight[], windowMs: number): ProbesVerdict {
  const row = sights.slice(sights.findLastIndex(({ status }) => status !== 'dead') + 1);
  const [first] = row;
  const last = row.at(-1);
  if (first === undefined || last === undefined) return { verdict: 'open' };
  const wasAlive = sights.some(({ status }) => status === 'alive');
  const needed = wasAlive ? Math.max(SPREAD_MS, windowMs / 2) : SPREAD_MS;
  const spreadMs = last.sentAt - first.sentAt;
  return row.length >= PROBES && spreadMs >= needed
    ? { verdict: 'dead', spreadMs }
    : { verdict: 'open', until: first.sentAt + Math.max(needed, PROBES * SPACING_MS) };
}
