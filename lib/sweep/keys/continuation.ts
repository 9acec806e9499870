import type { Devin } from '../../clients/devin.ts';
import type { LeakReport } from '../../domain/report.ts';
import { badEvent } from '../../intake/request.ts';
import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import type { Notify, RecordPlan } from './decide-plan.ts';
import type { Block, Totals } from './guardrails.ts';
import type { StopSwitch } from './kill-switch.ts';
import type { Page, Start } from './plan.ts';
import type { Shelf } from './plan-store.ts';
import type { Continuation } from './read-order.ts';

export interface SweepDeps {
  readonly devin: Pick<Devin, 'listKeys' | 'listServiceUsers'>;
  readonly shelf: Shelf;
  readonly stop: StopSwitch;
  /** The service users whose keys we ourselves use; `undefined` when that can not be told. */
  readonly own: () => Promise<readonly string[] | undefined>;
  readonly settings: Pick<Start, 'mode' | 'policy' | 'caps'>;
  readonly send: (report: LeakReport) => Promise<void>;
  /** Begins the next invocation of the chain; without it, a person or a script continues. */
  readonly enqueueContinuation?: ((next: Continuation, delaySeconds: number) => Promise<void>) | undefined;
  readonly notify: Notify;
  readonly record?: RecordPlan | undefined;
  /** Nothing is put onto the queue. */
  readonly dryRun: boolean;
  readonly requestId: string;
  /** Epoch milliseconds by which everything has to have ended. */
  readonly deadline: number;
}

/** The sweep has not ended: it goes on in the next invocation, or when it may run again. */
export type Interrupted =
  | { readonly status: 'unfinished'; readonly plan_id: string; readonly next: Continuation }
  | { readonly status: 'stopped'; readonly plan_id: string; readonly reason: string };

/** How an invocation ended. */
export type SweepResult =
  | {
      readonly status: 'report' | 'blocked' | 'enforced' | 'released' | 'rehearsed';
      readonly plan_id: string;
      readonly totals: Totals;
      readonly blocks: readonly Block[];
      /** Reports that this invocation put onto the queue, and keys that it left alone since they have changed. */
      readonly queued?: number;
      readonly left?: number;
    }
  | Interrupted
  | { readonly status: 'stop_set' | 'stop_lifted' };

/** Hands over to the next invocation of the chain. */
export async function unfinished(
  next: Continuation,
  delaySeconds: number,
  deps: SweepDeps,
): Promise<Interrupted> {
  log('info', 'sweep goes on', { ...next, chained: deps.enqueueContinuation !== undefined });
  await deps.enqueueContinuation?.(next, delaySeconds);
  return { status: 'unfinished', plan_id: next.plan_id, next };
}

/** Attempts at one page, one invocation each. */
const ATTEMPTS = 5;

export function mayTryAgain({ attempt }: Continuation, { enqueueContinuation }: SweepDeps): boolean {
  return attempt <= ATTEMPTS && enqueueContinuation !== undefined;
}

/** Tries a page again in a later invocation: what stood against it may pass. */
export function later(again: Continuation, reason: string, deps: SweepDeps): Promise<Interrupted> {
  log('warn', 'page failed', { ...again, reason });
  return unfinished(again, 60 * again.attempt, deps);
}

/** Why the sweep has to stop here, if so. `isSet` tells a turned switch from one that can not be read. */
export async function whyStopped(
  deps: SweepDeps,
): Promise<{ readonly reason: string; readonly isSet: boolean } | undefined> {
  const found = await deps.stop.read({ deadline: Math.max(deps.deadline, Date.now() + 5_000) });
  if (found.state === 'running') return undefined;
  const isSet = found.state === 'stopped';
  const reason = found.state === 'unknown' ? found.reason : 'sweeps are stopped';
  count(isSet ? 'SweepStopped' : 'SweepBlocked', { job: 'sweep-keys' });
  log('warn', 'sweep stops', { reason });
  return { reason, isSet };
}

/** @throws {BadEventError} */
export async function knownPage(planId: string, page: number, { shelf }: SweepDeps): Promise<Page> {
  const found = await shelf.findPage('pages', planId, page);
  if (found === undefined) throw badEvent(['there is no such page of the plan']);
  return found;
}
