import { badEvent } from '../../intake/request.ts';
import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import { canRetry, continueLater, type Position, retryLater, whyStopped } from './continuation.ts';
import { currentOwners } from './current-owner.ts';
import type { SweepDeps, SweepResult } from './deps.ts';
import { enqueuePage } from './enqueue-page.ts';
import { isReleasable } from './guardrails.ts';
import type { Start, Summary } from './plan.ts';
import { type PlanStore, readPage } from './plan-store.ts';
import type { Continuation } from './read-order.ts';

/** Kept for one page of revocations. */
const PAGE_MS = 20_000;

/**
 * Queues the revocations of a plan that is within the limits, or that a person released; of no other.
 *
 * @throws {BadEventError}
 * @throws {PlanStoreError}
 */
export async function executePlan(start: Start, first: Position, deps: SweepDeps): Promise<SweepResult> {
  const { plan_id } = start;
  checkAge(start, deps);
  const { isReleased, summary } = await permission(plan_id, deps.plans);
  const { blocks, totals } = summary;
  const isOff = deps.dryRun || (!isReleased && deps.settings.mode === 'report');
  if (isOff) return { status: 'rehearsed', plan_id, totals, blocks };
  const own = await deps.ownServiceUsers();
  if (own === undefined) return blockWithoutOwnKey(summary);

  const today = { own: [...own], policy: deps.settings.policy, started_at: Date.now() };
  const findOwner = currentOwners(deps.devin, { deadline: deps.deadline });
  const by = isReleased ? 'console' : start.invoked_by;
  const counts = { queued: 0, left: 0 };
  for (let page = first.page; totals.revoke > 0 && page <= summary.pages; page++) {
    const next = { version: 1, plan_id, phase: 'act', page, attempt: 1 } as const;
    if (page > first.page && Date.now() + PAGE_MS > deps.deadline) return continueLater(next, 0, deps);
    if ((await deps.plans.findPage('acted', plan_id, page)) !== undefined) continue;
    const planned = await readPage(plan_id, page, deps.plans);
    if (!planned.entries.some(({ decision }) => decision === 'revoke')) continue;
    const from = page === 1 ? null : (await readPage(plan_id, page - 1, deps.plans)).next;
    const listed = { from, to: planned.next };
    const acted = await enqueuePage(start, planned, { ...deps, today, findOwner, listed, by });
    if (acted === undefined) {
      return retryOrStop({ ...next, attempt: page === first.page ? first.attempt + 1 : 2 }, deps);
    }
    await deps.plans.putPageIfAbsent('acted', acted);
    counts.queued += acted.queued.length;
    counts.left += acted.left.length;
  }
  log('info', 'sweep carried out', { plan_id, ...counts });
  return { status: isReleased ? 'released' : 'enforced', plan_id, totals, blocks, ...counts };
}

/** What was right to revoke may not be by now, however often it is checked. @throws {BadEventError} */
export function checkAge({ started_at }: Start, { planDays }: Pick<SweepDeps, 'planDays'>): void {
  const days = (Date.now() - started_at) / 86_400_000;
  if (days > planDays) {
    throw badEvent([`the plan is ${Math.floor(days)} days old, over the ${planDays} of SWEEP_PLAN_DAYS`]);
  }
}

async function permission(
  planId: string,
  plans: PlanStore,
): Promise<{ readonly summary: Summary; readonly isReleased: boolean }> {
  const [summary, release] = await Promise.all([
    plans.find('summary', planId),
    plans.find('release', planId),
  ]);
  const isReleased = release !== undefined;
  if (summary === undefined || !mayExecute(summary, isReleased)) {
    throw badEvent(['the plan is neither within the limits nor released']);
  }
  return { summary, isReleased };
}

function mayExecute({ blocks, verdict }: Summary, isReleased: boolean): boolean {
  return verdict === 'enforce' || (isReleased && isReleasable(blocks));
}

async function retryOrStop(again: Continuation, deps: SweepDeps): Promise<SweepResult> {
  const stopped = await whyStopped(deps);
  const reason = stopped?.reason ?? 'the kill switch was set, and lifted again';
  if (!stopped?.isSet && canRetry(again, deps)) return retryLater(again, reason, deps);
  return { status: 'stopped', plan_id: again.plan_id, reason };
}

function blockWithoutOwnKey({ plan_id, totals }: Summary): SweepResult {
  count('SweepBlocked', { job: 'sweep-keys' });
  const reason = 'it is not known which key is the one that we ourselves use';
  log('error', 'sweep blocked', { plan_id, reason });
  return { status: 'blocked', plan_id, totals, blocks: [{ guard: 'own_key', reason }] };
}
