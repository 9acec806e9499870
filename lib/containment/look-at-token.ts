import type { Devin } from '../clients/devin.ts';
import type { Probe } from '../clients/devin-shapes.ts';
import type { Token } from '../domain/token.ts';
import { jitter, type RetryOptions, sleep } from '../platform/retry.ts';
import type { ProbeSight } from './judge-probes.ts';

/**
 * Uses a token once, beside the admin token where a control is needed.
 *
 * @param end epoch milliseconds until which a 429 is waited out
 */
export async function lookAtToken(
  devin: Devin,
  token: Token,
  { end, needsControl }: { readonly end: number; readonly needsControl: boolean },
): Promise<ProbeSight> {
  const [{ probe, sentAt }, control] = await Promise.all([
    waitedOut((retry) => devin.probe(token, retry, { ownConnection: true }), end),
    needsControl ? waitedOut((retry) => devin.probeAdmin(retry), end) : undefined,
  ]);
  switch (probe.state) {
    case 'alive':
      return { sentAt, status: 'alive', reason: 'the token still authenticates after the proof window' };
    case 'unknown':
      return { sentAt, status: 'unproven', reason: `the token's probe proves nothing: ${probe.reason}` };
    case 'dead':
      // An API that answers 401 to everybody proves nothing of this token.
      return control === undefined || control.probe.state === 'alive'
        ? { sentAt, status: 'dead' }
        : {
            sentAt,
            status: 'unproven',
            reason: 'the token is answered 401, but so is the admin token, or it gets no answer',
          };
    default:
      return probe satisfies never;
  }
}

/**
 * Asks again while the API is too busy to look at the token at all. Otherwise every 429 in a burst of leaks would cost a
 * proof the looks that it has, and the API as many requests more.
 *
 * @returns the last answer, and when that one was asked for
 */
async function waitedOut(
  ask: (retry: RetryOptions) => Promise<Probe>,
  end: number,
): Promise<{ readonly probe: Probe; readonly sentAt: number }> {
  for (let attempt = 1; ; attempt++) {
    const sentAt = performance.now();
    const probe = await ask(once(end));
    const isLimited = probe.state === 'unknown' && probe.status === 429;
    const pause = isLimited ? (probe.retryAfterMs ?? jitter(attempt)) : 0;
    if (!isLimited || Date.now() + pause >= end) return { probe, sentAt };
    await sleep(pause);
  }
}

/** One attempt; whoever calls is the retry. A probe gets 3 s even at the very end of the window. */
export function once(end: number): { deadline: number; attempts: number; timeoutMs: number } {
  return { deadline: Math.max(end, Date.now() + 3_000), attempts: 1, timeoutMs: 3_000 };
}
