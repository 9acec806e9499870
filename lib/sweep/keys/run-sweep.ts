import { badEvent } from '../../intake/request.ts';
import { log } from '../../platform/log.ts';
import { type Position, whyStopped } from './continuation.ts';
import { decidePlan } from './decide-plan.ts';
import type { SweepDeps, SweepResult } from './deps.ts';
import { checkAge, executePlan } from './execute-plan.ts';
import { isReleasable } from './guardrails.ts';
import { makePlan } from './make-plan.ts';
import type { Start } from './plan.ts';
import { readPlan } from './plan-store.ts';
import type { Order } from './read-order.ts';

const FIRST: Position = { page: 1, attempt: 1 };

/**
 * Plan, then act: the order of a sweep. Each piece of the plan is stored before the next one is begun, and is never
 * overwritten, so the same order may come twice.
 *
 * @throws {BadEventError} for an order that fits no plan
 * @throws {PlanStoreError}
 */
export async function runSweep(order: Order, deps: SweepDeps): Promise<SweepResult> {
  switch (order.order) {
    case 'start':
      return planAndAct(await begin(order, deps), FIRST, deps);
    case 'continue': {
      const start = await readPlan(order.plan_id, deps.plans);
      return order.phase === 'plan' ? planAndAct(start, order, deps) : executePlan(start, order, deps);
    }
    case 'release':
      return release(order, deps);
    case 'stop':
    case 'resume':
      return setKillSwitch(order, deps);
    default:
      return order satisfies never;
  }
}

async function begin(
  { dry_run, invoked_by, plan_id }: Extract<Order, { order: 'start' }>,
  { ownServiceUsers, plans, settings }: Pick<SweepDeps, 'ownServiceUsers' | 'plans' | 'settings'>,
): Promise<Start> {
  return plans.putIfAbsent('start', {
    version: 1,
    plan_id,
    started_at: Date.now(),
    invoked_by,
    ...settings,
    mode: dry_run ? 'report' : settings.mode,
    own: [...((await ownServiceUsers()) ?? [])],
  });
}

async function planAndAct(start: Start, from: Position, deps: SweepDeps): Promise<SweepResult> {
  const planned = await makePlan(start, from, deps);
  if (planned.status !== 'planned') return planned;
  const summary = await decidePlan(start, planned.last, planned.broken, deps);
  const { blocks, plan_id, totals, verdict } = summary;
  return verdict === 'enforce'
    ? executePlan(start, FIRST, deps)
    : { status: verdict, plan_id, totals, blocks };
}

/** A person has exactly this plan carried out, although it exceeds a limit or was made in report mode. */
async function release(
  { plan_id, reason }: Extract<Order, { order: 'release' }>,
  deps: SweepDeps,
): Promise<SweepResult> {
  const start = await readPlan(plan_id, deps.plans);
  checkAge(start, deps);
  const summary = await deps.plans.find('summary', plan_id);
  if (summary === undefined) throw badEvent(['the plan is not complete']);
  const { blocks, totals } = summary;
  if (!isReleasable(blocks)) {
    throw badEvent([`the plan cannot be trusted: ${blocks.map((block) => block.reason).join('; ')}`]);
  }
  const stopped = await whyStopped(deps);
  if (stopped !== undefined) return { status: 'stopped', plan_id, reason: stopped.reason };
  if (!deps.dryRun) {
    await deps.plans.putIfAbsent('release', { version: 1, plan_id, released_at: Date.now(), reason });
  }
  log('warn', 'plan released', { plan_id, reason, revoke: totals.revoke, dry_run: deps.dryRun });
  return deps.dryRun ? { status: 'rehearsed', plan_id, totals, blocks } : executePlan(start, FIRST, deps);
}

async function setKillSwitch(
  { order, reason }: Extract<Order, { order: 'stop' | 'resume' }>,
  { deadline, killSwitch, requestId }: Pick<SweepDeps, 'deadline' | 'killSwitch' | 'requestId'>,
): Promise<SweepResult> {
  await killSwitch.set(order, { reason, requestId }, { deadline });
  log('warn', order === 'stop' ? 'sweeps are stopped' : 'sweeps may run again', { reason });
  return { status: order === 'stop' ? 'stop_set' : 'stop_lifted' };
}
