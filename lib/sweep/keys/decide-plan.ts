import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import { type Block, type Circumstances, guard, isReleasable, NOTHING } from './guardrails.ts';
import type { Page, Start, Summary } from './plan.ts';
import { type Shelf, ShelfError } from './plan-store.ts';

/** Tells people; what it says goes to a mail. */
export type Notify = (subject: string, text: string) => Promise<void>;

/** Puts the plan, in figures, on the audit log. @throws {ShelfError} */
export type RecordPlan = (summary: Summary) => Promise<void>;

/**
 * Decides about a whole plan, once: the first decision stands. The alarm comes before the record, so that a decision
 * on record was told.
 *
 * @param last the last page that was made, if any
 * @param broken why there is no further page although the list has not ended, if so
 */
export async function decidePlan(
  start: Start,
  last: Page | undefined,
  broken: string | undefined,
  { notify, record, shelf }: { notify: Notify; record?: RecordPlan | undefined; shelf: Shelf },
): Promise<Summary> {
  const standing = await shelf.find('summary', start.plan_id);
  if (standing !== undefined) return standing;
  const previous = await shelf.before(start.started_at).catch((error) => {
    if (error instanceof ShelfError) return 'unreadable' as const;
    throw error;
  });
  const totals = last?.totals ?? NOTHING;
  const blocks = guard(totals, start.caps, {
    broken,
    // Without a page there was no answer whose clock could be told.
    skewSeconds: last === undefined ? 0 : (last.skew_seconds ?? undefined),
    ownKnown: start.own.length > 0,
    previous: comparable(previous),
  });
  const summary: Summary = {
    version: 1,
    plan_id: start.plan_id,
    started_at: start.started_at,
    decided_at: Date.now(),
    mode: start.mode,
    verdict: verdict(start, blocks),
    pages: last?.page ?? 0,
    totals,
    blocks,
    ...(typeof previous === 'object' && {
      previous: { plan_id: previous.plan_id, revoke: previous.totals.revoke },
    }),
  };
  await tell(summary, last?.exempt_unused ?? [], notify);
  await record?.(summary);
  const kept = await shelf.keep('summary', summary);
  // A plan that could not be trusted is nothing to compare the next one with.
  if (isReleasable(kept.blocks)) await shelf.index(kept);
  return kept;
}

function comparable(previous: Summary | 'unreadable' | undefined): Circumstances['previous'] {
  if (previous === undefined) return 'none';
  return previous === 'unreadable' ? previous : { revoke: previous.totals.revoke };
}

/** In report mode the limits would speak against it alone; a plan that can not be trusted is an alarm in any mode. */
function verdict({ mode }: Start, blocks: readonly Block[]): Summary['verdict'] {
  if (!isReleasable(blocks)) return 'blocked';
  if (mode === 'report') return 'report';
  return blocks.length > 0 ? 'blocked' : 'enforce';
}

async function tell(summary: Summary, exemptUnused: readonly string[], notify: Notify): Promise<void> {
  const { blocks, plan_id, totals, verdict } = summary;
  const reasons = blocks.map(({ reason }) => reason);
  log(verdict === 'blocked' ? 'error' : 'info', 'sweep planned', {
    plan_id,
    verdict,
    ...totals,
    blocks: reasons,
  });
  if (exemptUnused.length > 0) log('warn', 'exemptions that match no key', { plan_id, ids: exemptUnused });
  const job = { job: 'sweep-keys' };
  count('SweepPlanned', job);
  count('SweepRevocations', job, totals.revoke);
  count('SweepWarnings', job, totals.warn);
  if (verdict === 'blocked') count('SweepBlocked', job);
  if (verdict === 'report' && totals.revoke === 0) return;
  if (verdict === 'enforce' && totals.revoke === 0) return;
  await notify(`sweep ${plan_id}: ${verdict}`, summaryText(summary));
}

/** The summary for people. */
export function summaryText({ blocks, mode, plan_id, totals, verdict }: Summary): string {
  const { active, keys, revoke, rules, users, warn } = totals;
  const would = verdict === 'enforce' ? 'are queued to be revoked' : 'would be revoked';
  const lines = [
    `Plan ${plan_id} (mode ${mode}): ${verdict}`,
    `${keys} keys of ${users} service users, ${active} of them active; ${revoke} ${would}, ${warn} warned of.`,
    ...Object.entries(rules).map(([rule, keysOfRule]) => `  ${rule}: ${keysOfRule}`),
    ...blocks.map(({ reason }) => `Against it: ${reason}.`),
  ];
  if (verdict === 'blocked') lines.push('Nothing was revoked.');
  if (verdict !== 'enforce' && revoke > 0 && isReleasable(blocks)) {
    lines.push(`To carry out this very plan, invoke the sweep-keys function with {"release": "${plan_id}"}.`);
  }
  return lines.join('\n');
}
