import {
  type Interrupted,
  knownPage,
  later,
  mayTryAgain,
  type SweepDeps,
  unfinished,
  whyStopped,
} from './continuation.ts';
import { judgePage } from './evaluate-page.ts';
import type { Page, Start } from './plan.ts';
import { warn } from './warn.ts';

/** All pages were judged, or no further one can be; otherwise how the invocation ended. */
export type Planned = { readonly last: Page | undefined; readonly broken?: string } | Interrupted;

/** Judges page after page, as long as the time of the invocation allows; one page at least. */
export async function makePlan(
  start: Start,
  from: { readonly page: number; readonly attempt: number },
  deps: SweepDeps,
): Promise<Planned> {
  const { plan_id } = start;
  let last = from.page > 1 ? await knownPage(plan_id, from.page - 1, deps) : undefined;
  let slowestMs = 0;
  // Pages that are there already were made by an earlier delivery of the same message.
  let isAhead = false;
  for (let page = from.page; last === undefined || last.next !== null; page++) {
    const begun = Date.now();
    const next = { version: 1, plan_id, phase: 'plan', page, attempt: 1 } as const;
    if (page > from.page && begun + 2 * slowestMs > deps.deadline) return unfinished(next, 0, deps);
    const again = { ...next, attempt: page === from.page ? from.attempt + 1 : 2 };
    const stopped = await whyStopped(deps);
    if (stopped !== undefined) {
      if (!stopped.isSet && mayTryAgain(again, deps)) return later(again, stopped.reason, deps);
      return { status: 'stopped', plan_id, reason: stopped.reason };
    }
    const found: Page | undefined = isAhead ? undefined : await deps.shelf.findPage('pages', plan_id, page);
    isAhead = found === undefined;
    const judged = found ? { ok: true as const, page: found } : await newPage(start, last, deps);
    if (!judged.ok) {
      const isLast = !judged.retryable || !mayTryAgain(again, deps);
      return isLast ? { last, broken: judged.reason } : later(again, judged.reason, deps);
    }
    last = judged.page;
    slowestMs = Math.max(slowestMs, Date.now() - begun);
  }
  return { last };
}

/** The warnings come before the page is stored, so that a page on record was warned of. */
async function newPage(start: Start, before: Page | undefined, deps: SweepDeps) {
  const judged = await judgePage(deps.devin, start, before, deps);
  if (!judged.ok) return judged;
  await tellWarnings(judged.page, deps);
  return { ok: true as const, page: await deps.shelf.keepPage('pages', judged.page) };
}

const MAX_LINES = 50;

async function tellWarnings(page: Page, { notify, shelf }: SweepDeps): Promise<void> {
  const texts = await warn(page, shelf, Math.floor(Date.now() / 1_000));
  // A key without expiry is in the log and in the figures; it is not urgent.
  const urgent = texts.filter((text) => !text.includes(' never expires. '));
  if (urgent.length === 0) return;
  const shown = urgent.slice(0, MAX_LINES);
  if (shown.length < urgent.length) shown.push(`and ${urgent.length - shown.length} more, in the log`);
  const subject = urgent.length === 1 ? '1 API key expires soon' : `${urgent.length} API keys expire soon`;
  await notify(subject, shown.join('\n\n'));
}
