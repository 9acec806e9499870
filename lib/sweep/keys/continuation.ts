import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import type { Interrupted, SweepDeps } from './deps.ts';
import type { Continuation } from './read-order.ts';

/** Where an invocation begins: a page from 1, and how often it was tried, this time included. */
export type Position = Pick<Continuation, 'page' | 'attempt'>;

/** Hands over to the next invocation of the chain. */
export async function continueLater(
  next: Continuation,
  delaySeconds: number,
  { enqueueContinuation }: Pick<SweepDeps, 'enqueueContinuation'>,
): Promise<Interrupted> {
  log('info', 'sweep continues', { ...next, chained: enqueueContinuation !== undefined });
  await enqueueContinuation?.(next, delaySeconds);
  return { status: 'unfinished', plan_id: next.plan_id, next };
}

/** Attempts at one page, one invocation each. */
const ATTEMPTS = 5;

/** Whether a further attempt at the page is left, and an invocation to make it. */
export function canRetry(
  { attempt }: Continuation,
  { enqueueContinuation }: Pick<SweepDeps, 'enqueueContinuation'>,
): boolean {
  return attempt <= ATTEMPTS && enqueueContinuation !== undefined;
}

/** Tries a page again in a later invocation, since the reason may pass. */
export function retryLater(
  again: Continuation,
  reason: string,
  deps: Pick<SweepDeps, 'enqueueContinuation'>,
): Promise<Interrupted> {
  log('warn', 'page failed', { ...again, reason });
  return continueLater(again, 60 * again.attempt, deps);
}

/**
 * Why the sweep has to stop here.
 *
 * @returns `undefined` while sweeps may run; `isSet` is false when the kill switch cannot be read
 */
export async function whyStopped({
  deadline,
  killSwitch,
}: Pick<SweepDeps, 'deadline' | 'killSwitch'>): Promise<
  { readonly reason: string; readonly isSet: boolean } | undefined
> {
  const found = await killSwitch.read({ deadline: Math.max(deadline, Date.now() + 5_000) });
  if (found.state === 'running') return undefined;
  const isSet = found.state === 'stopped';
  const reason = found.state === 'unknown' ? found.reason : 'sweeps are stopped';
  count(isSet ? 'SweepStopped' : 'SweepBlocked', { job: 'sweep-keys' });
  log('warn', 'sweep stops', { reason });
  return { reason, isSet };
}
