import { canRetry, continueLater, type Position, retryLater, whyStopped } from './continuation.ts';
import type { Interrupted, SweepDeps } from './deps.ts';
import { evaluatePage } from './evaluate-page.ts';
import type { Page, Start } from './plan.ts';
import { readPage } from './plan-store.ts';
import { warn } from './warn.ts';

/** `planned`: all pages are evaluated, or no further one can be, which `broken` explains. */
export type Planned =
  | { readonly status: 'planned'; readonly last: Page | undefined; readonly broken?: string }
  | Interrupted;

/** Evaluates page after page, as long as the time of the invocation allows; at least one page. */
export async function makePlan(start: Start, from: Position, deps: SweepDeps): Promise<Planned> {
  const { plan_id } = start;
  let last = from.page > 1 ? await readPage(plan_id, from.page - 1, deps.plans) : undefined;
  let slowestMs = 0;
  for (let page = from.page; last === undefined || last.next !== null; page++) {
    const begun = Date.now();
    const next = { version: 1, plan_id, phase: 'plan', page, attempt: 1 } as const;
    if (page > from.page && begun + 2 * slowestMs > deps.deadline) return continueLater(next, 0, deps);
    const again = { ...next, attempt: page === from.page ? from.attempt + 1 : 2 };
    const stopped = await whyStopped(deps);
    if (stopped !== undefined) {
      if (!stopped.isSet && canRetry(again, deps)) return retryLater(again, stopped.reason, deps);
      return { status: 'stopped', plan_id, reason: stopped.reason };
    }
    // A page that exists already was made by an earlier delivery of the same message.
    const found = await deps.plans.findPage('pages', plan_id, page);
    const evaluated = found ? { ok: true as const, page: found } : await newPage(start, last, deps);
    if (!evaluated.ok) {
      const { reason, retryable } = evaluated;
      if (retryable && canRetry(again, deps)) return retryLater(again, reason, deps);
      return { status: 'planned', last, broken: reason };
    }
    last = evaluated.page;
    slowestMs = Math.max(slowestMs, Date.now() - begun);
  }
  return { status: 'planned', last };
}

/** The warnings are sent before the page is stored, so that the warnings of a stored page were sent. */
async function newPage(start: Start, before: Page | undefined, deps: SweepDeps) {
  const { deadline, pageUsers } = deps;
  const evaluated = await evaluatePage(deps.devin, start, before, { deadline, pageUsers, isCompact: true });
  if (!evaluated.ok) return evaluated;
  await warn(evaluated.page, Math.floor(Date.now() / 1_000), deps);
  return { ok: true as const, page: await deps.plans.putPageIfAbsent('pages', evaluated.page) };
}
