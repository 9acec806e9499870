import type { Devin } from '../clients/devin.ts';
import type { Probe } from '../clients/devin-shapes.ts';
import type { Token } from '../domain/token.ts';
import { jitter, type RetryOptions, sleep } from '../platform/retry.ts';
import type { ProbeSight } from './judge-probes.ts';

/**
 * Looks at a token once, beside the admin token where a control is needed.
 *
 * @param end epoch milliseconds after which no request is repeated
 */
export async function lookAtToken(
  devin: Devin,
  token: Token,
  { end, needsControl }: { readonly end: number; readonly needsControl: boolean },
): Promise<ProbeSight> {
  const [{ probe, sentAt }, control] = await Promise.all([
    answered((retry) => devin.probe(token, retry, { ownConnection: true }), end),
    needsControl ? answered((retry) => devin.probeAdmin(retry), end) : undefined,
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
 * Asks again while an answer is missing, or is a 429 or a 5xx: these tell nothing of the token, neither for its death
 * nor against it, and would otherwise cost a proof the looks that were answered.
 *
 * @returns the last answer, and when that one was asked for
 */
async function answered(
  ask: (retry: RetryOptions) => Promise<Probe>,
  end: number,
): Promise<{ readonly probe: Probe; readonly sentAt: number }> {
  for (let attempt = 1; ; attempt++) {
    const sentAt = performance.now();
    const probe = await ask(once(end));
    if (probe.state !== 'unknown' || !probe.isTransient) return { probe, sentAt };
    const pause = probe.retryAfterMs ?? jitter(attempt);
    if (Date.now() + pause >= end) return { probe, sentAt };
    await sleep(pause);
  }
}

/** One attempt; whoever calls is the retry. A probe gets 3 s even at the very end of the window. */
export function once(end: number): { deadline: number; attempts: number; timeoutMs: number } {
  return { deadline: Math.max(end, Date.now() + 3_000), attempts: 1, timeoutMs: 3_000 };
}
