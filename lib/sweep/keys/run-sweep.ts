import { badEvent } from '../../intake/request.ts';
import { log } from '../../platform/log.ts';
import { type SweepDeps, type SweepResult, whyStopped } from './continuation.ts';
import { decidePlan } from './decide-plan.ts';
import { carryOut } from './execute-plan.ts';
import { isReleasable } from './guardrails.ts';
import { makePlan } from './make-plan.ts';
import type { Start } from './plan.ts';
import type { Order } from './read-order.ts';

const FIRST = { page: 1, attempt: 1 };

/**
 * Plan, then act: the order of a sweep. Each piece of the plan is stored before the next one is begun, and what is
 * stored stands, so an order may come twice.
 *
 * @throws {BadEventError} for an order that no plan fits
 */
export async function runSweep(order: Order, deps: SweepDeps): Promise<SweepResult> {
  switch (order.order) {
    case 'start':
      return planAndAct(await begin(order, deps), FIRST, deps);
    case 'go_on': {
      const start = await knownPlan(order.plan_id, deps);
      return order.phase === 'plan' ? planAndAct(start, order, deps) : carryOut(start, order, deps);
    }
    case 'release':
      return release(order, deps);
    case 'stop':
    case 'resume': {
      const { reason, order: turn } = order;
      await deps.stop.turn(turn, { reason, requestId: deps.requestId }, deps);
      log('warn', turn === 'stop' ? 'sweeps are stopped' : 'sweeps may run again', { reason });
      return { status: turn === 'stop' ? 'stop_set' : 'stop_lifted' };
    }
    default:
      return order satisfies never;
  }
}

async function begin(
  { dry_run, plan_id }: Extract<Order, { order: 'start' }>,
  { own, settings, shelf }: SweepDeps,
): Promise<Start> {
  return shelf.keep('start', {
    version: 1,
    plan_id,
    started_at: Date.now(),
    ...settings,
    mode: dry_run ? 'report' : settings.mode,
    own: [...((await own()) ?? [])],
  });
}

async function planAndAct(
  start: Start,
  from: { readonly page: number; readonly attempt: number },
  deps: SweepDeps,
): Promise<SweepResult> {
  const planned = await makePlan(start, from, deps);
  if ('status' in planned) return planned;
  const summary = await decidePlan(start, planned.last, planned.broken, deps);
  const { blocks, plan_id, totals, verdict } = summary;
  return verdict === 'enforce' ? carryOut(start, FIRST, deps) : { status: verdict, plan_id, totals, blocks };
}

/** A person lets a plan be carried out that is over a limit, or that was made in report mode: that very plan. */
async function release(
  { plan_id, reason }: Extract<Order, { order: 'release' }>,
  deps: SweepDeps,
): Promise<SweepResult> {
  const start = await knownPlan(plan_id, deps);
  const summary = await deps.shelf.find('summary', plan_id);
  if (summary === undefined) throw badEvent(['the plan is not complete']);
  if (!isReleasable(summary.blocks)) {
    throw badEvent([
      `the plan can not be trusted: ${summary.blocks.map((block) => block.reason).join('; ')}`,
    ]);
  }
  const stopped = await whyStopped(deps);
  if (stopped !== undefined) return { status: 'stopped', plan_id, reason: stopped.reason };
  if (!deps.dryRun)
    await deps.shelf.keep('release', { version: 1, plan_id, released_at: Date.now(), reason });
  log('warn', 'plan released', { plan_id, reason, revoke: summary.totals.revoke, dry_run: deps.dryRun });
  const { blocks, totals } = summary;
  return deps.dryRun ? { status: 'rehearsed', plan_id, totals, blocks } : carryOut(start, FIRST, deps);
}

async function knownPlan(planId: string, { shelf }: SweepDeps): Promise<Start> {
  const start = await shelf.find('start', planId);
  if (start === undefined) throw badEvent(['there is no such plan']);
  return start;
}
