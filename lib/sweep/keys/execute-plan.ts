import { badEvent } from '../../intake/request.ts';
import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import {
  knownPage,
  later,
  mayTryAgain,
  type SweepDeps,
  type SweepResult,
  unfinished,
  whyStopped,
} from './continuation.ts';
import { actOnPage } from './enqueue-page.ts';
import { isReleasable } from './guardrails.ts';
import type { Start, Summary } from './plan.ts';
import type { Continuation } from './read-order.ts';

/** Kept for one page of revocations. */
const PAGE_MS = 20_000;

/**
 * Queues the revocations of a plan that is within the limits, or that a person released; of no other.
 *
 * @throws {BadEventError}
 */
export async function carryOut(
  start: Start,
  from: { readonly page: number; readonly attempt: number },
  deps: SweepDeps,
): Promise<SweepResult> {
  const { plan_id } = start;
  const [summary, released] = await Promise.all([
    deps.shelf.find('summary', plan_id),
    deps.shelf.find('release', plan_id),
  ]);
  if (summary === undefined || !mayAct(summary, released !== undefined)) {
    throw badEvent(['the plan is neither within the limits nor released']);
  }
  const { blocks, totals } = summary;
  const isOff = deps.dryRun || (released === undefined && deps.settings.mode === 'report');
  if (isOff) return { status: 'rehearsed', plan_id, totals, blocks };
  const own = await deps.own();
  if (own === undefined) return ownUnknown(summary);

  const spared = new Set([...own, ...deps.settings.policy.exempt]);
  const by = released === undefined ? 'schedule' : 'console';
  const counts = { queued: 0, left: 0 };
  for (let page = from.page; totals.revoke > 0 && page <= summary.pages; page++) {
    const next = { version: 1, plan_id, phase: 'act', page, attempt: 1 } as const;
    if (page > from.page && Date.now() + PAGE_MS > deps.deadline) return unfinished(next, 0, deps);
    if ((await deps.shelf.findPage('acted', plan_id, page)) !== undefined) continue;
    const planned = await knownPage(plan_id, page, deps);
    if (!planned.entries.some(({ decision }) => decision === 'revoke')) continue;
    const readSwitch = () => deps.stop.read(deps);
    const acted = await actOnPage(start, planned, { ...deps, spared, by, readSwitch });
    if (acted === undefined) {
      return heldUp({ ...next, attempt: page === from.page ? from.attempt + 1 : 2 }, deps);
    }
    await deps.shelf.keepPage('acted', acted);
    counts.queued += acted.queued.length;
    counts.left += acted.left.length;
  }
  log('info', 'sweep carried out', { plan_id, ...counts });
  return { status: released ? 'released' : 'enforced', plan_id, totals, blocks, ...counts };
}

async function heldUp(again: Continuation, deps: SweepDeps): Promise<SweepResult> {
  const stopped = await whyStopped(deps);
  const reason = stopped?.reason ?? 'the stop switch was turned, and turned back';
  if (!stopped?.isSet && mayTryAgain(again, deps)) return later(again, reason, deps);
  return { status: 'stopped', plan_id: again.plan_id, reason };
}

function ownUnknown({ plan_id, totals }: Summary): SweepResult {
  count('SweepBlocked', { job: 'sweep-keys' });
  const reason = 'it is not known which key is the one that we ourselves use';
  log('error', 'sweep blocked', { plan_id, reason });
  return { status: 'blocked', plan_id, totals, blocks: [{ guard: 'own_key', reason }] };
}

function mayAct({ blocks, verdict }: Summary, isReleased: boolean): boolean {
  return verdict === 'enforce' || (isReleased && isReleasable(blocks));
}
