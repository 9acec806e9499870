import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import type { Notify, SweepDeps } from './deps.ts';
import { findBlocks, isReleasable, NOTHING, type PlanConditions } from './guardrails.ts';
import type { Page, Start, Summary } from './plan.ts';
import { PlanStoreError } from './plan-store.ts';

/**
 * Decides about a whole plan, once: the first decision stands. The notification is sent before the decision is stored,
 * so that a stored decision is known to people.
 *
 * @param last the last page that was made, if any
 * @param broken why there is no further page although the list has not ended, if so
 */
export async function decidePlan(
  start: Start,
  last: Page | undefined,
  broken: string | undefined,
  { notify, plans, record }: Pick<SweepDeps, 'notify' | 'plans' | 'record'>,
): Promise<Summary> {
  const standing = await plans.find('summary', start.plan_id);
  const stored = standing ?? (await decide(start, last, broken, { notify, plans }));
  // After the decision, so that a repetition writes the same record; before the plan is carried out.
  await record?.(stored);
  // The next plan is not compared with one that cannot be trusted.
  if (isReleasable(stored.blocks)) await plans.addToIndex(stored);
  return stored;
}

async function decide(
  start: Start,
  last: Page | undefined,
  broken: string | undefined,
  { notify, plans }: Pick<SweepDeps, 'notify' | 'plans'>,
): Promise<Summary> {
  const previous = await plans.findPrevious(start.started_at).catch((error) => {
    if (error instanceof PlanStoreError) return 'unreadable' as const;
    throw error;
  });
  const summary = summarise(start, last, broken, previous);
  await announce(summary, notify);
  return plans.putIfAbsent('summary', summary);
}

/** Without a page there was no answer whose clock could be compared. */
const NO_PAGE = { exempt_unused: [], page: 0, skew_seconds: 0, totals: NOTHING, unlisted: 0 };

function summarise(
  start: Start,
  last: Page | undefined,
  broken: string | undefined,
  previous: Summary | 'unreadable' | undefined,
): Summary {
  const { exempt_unused, page, skew_seconds, totals, unlisted } = last ?? NO_PAGE;
  // A list that broke off does not show what an exemption matches.
  const exemptUnused = broken === undefined ? exempt_unused : [];
  const blocks = findBlocks(totals, start.caps, {
    broken,
    skewSeconds: skew_seconds ?? undefined,
    ownKnown: start.own.length > 0,
    previous: comparable(previous),
    unlisted,
    exemptUnused,
  });
  return {
    version: 1,
    plan_id: start.plan_id,
    started_at: start.started_at,
    decided_at: Date.now(),
    mode: start.mode,
    verdict: verdict(start, blocks),
    pages: page,
    totals,
    blocks,
    exempt_unused: exemptUnused,
    invoked_by: start.invoked_by,
    ...(typeof previous === 'object' && {
      previous: { plan_id: previous.plan_id, revoke: previous.totals.revoke },
    }),
  };
}

function comparable(previous: Summary | 'unreadable' | undefined): PlanConditions['previous'] {
  if (previous === undefined) return 'none';
  return previous === 'unreadable' ? previous : { revoke: previous.totals.revoke };
}

/** A limit that is exceeded does not matter in report mode; a plan that cannot be trusted is blocked in any mode. */
function verdict({ mode }: Start, blocks: Summary['blocks']): Summary['verdict'] {
  if (!isReleasable(blocks)) return 'blocked';
  if (mode === 'report') return 'report';
  return blocks.length > 0 ? 'blocked' : 'enforce';
}

async function announce(summary: Summary, notify: Notify): Promise<void> {
  const { blocks, exempt_unused, plan_id, totals, verdict } = summary;
  const reasons = blocks.map(({ reason }) => reason);
  log(verdict === 'blocked' ? 'error' : 'info', 'sweep planned', {
    plan_id,
    verdict,
    ...totals,
    blocks: reasons,
  });
  if (exempt_unused.length > 0) log('warn', 'exemptions that match no key', { plan_id, ids: exempt_unused });
  const job = { job: 'sweep-keys' };
  count('SweepPlanned', job);
  count('SweepRevocations', job, totals.revoke);
  count('SweepWarnings', job, totals.warn);
  if (verdict === 'blocked') count('SweepBlocked', job);
  else if (totals.revoke === 0) return;
  const isKnown = await notify(`sweep ${plan_id}: ${verdict}`, summaryText(summary));
  if (!isKnown) count('SweepNotNotified', job);
}

/** The summary for people. */
export function summaryText({ blocks, exempt_unused, mode, plan_id, totals, verdict }: Summary): string {
  const { active, keys, revoke, rules, users, warn } = totals;
  const would = verdict === 'enforce' ? 'are queued to be revoked' : 'would be revoked';
  const lines = [
    `Plan ${plan_id} (mode ${mode}): ${verdict}`,
    `${keys} keys of ${users} service users, ${active} of them active; ${revoke} ${would}, ${warn} get a warning.`,
    ...Object.entries(rules).map(([rule, keysOfRule]) => `  ${rule}: ${keysOfRule}`),
    ...blocks.map(({ reason }) => `Guard rail: ${reason}.`),
  ];
  // A plan that revokes something names them in a guard rail.
  if (exempt_unused.length > 0 && revoke === 0) {
    lines.push(`SWEEP_EXEMPT matches no service user and no key with: ${exempt_unused.join(', ')}.`);
  }
  if (verdict === 'blocked') lines.push('Nothing was revoked.');
  if (verdict !== 'enforce' && revoke > 0 && isReleasable(blocks)) {
    lines.push(
      `To carry out exactly this plan, invoke the sweep-keys function with {"release": "${plan_id}"}.`,
    );
  }
  return lines.join('\n');
}
