import * as z from 'zod/mini';
import type { AuditContext } from './audit-entry.ts';
import { activity, cloud, metadata, PRODUCT, rated } from './ocsf-base.ts';
import type { Rating } from './ocsf-codes.ts';
import type { RecordOf } from './ocsf-schema.ts';

/** A sweep's plan, in figures; the plan itself is stored beside the records. */
export const PlanFacts = z.strictObject({
  kind: z.literal('plan'),
  plan_id: z.string(),
  mode: z.string(),
  verdict: z.string(),
  totals: z.record(z.string(), z.number()),
  blocks: z.array(z.string()),
});
export type PlanFacts = z.infer<typeof PlanFacts>;

/** What the record of a plan says to a SIEM. */
export const PLAN_RATINGS: Readonly<Record<'planned' | 'blocked', Rating>> = {
  planned: {
    status: [99, 'Planned'],
    severity: [1, 'Informational'],
    action: [3, 'Observed'],
    disposition: [17, 'Logged'],
  },
  blocked: {
    status: [99, 'Blocked'],
    severity: [4, 'High'],
    action: [3, 'Observed'],
    disposition: [19, 'Alert'],
  },
};

/** Who started a sweep, and when; and when its plan was decided. */
export interface PlanOrigin {
  readonly startedAt: number;
  readonly decidedAt: number;
  readonly invokedBy: 'schedule' | 'console';
}

/**
 * Builds the record of a sweep's plan. Its time is that of the decision, which is when it is stored: a large enterprise
 * takes hours to look through. @param made times in epoch milliseconds
 */
export function planRecord(
  plan: Omit<PlanFacts, 'kind'>,
  { decidedAt, invokedBy, startedAt }: PlanOrigin,
  context: Omit<AuditContext, 'attempt'>,
): RecordOf<PlanFacts> {
  const code = plan.verdict === 'blocked' ? 'blocked' : 'planned';
  const id = `sweep/${plan.plan_id}`;
  return {
    ...activity([99, 'Plan']),
    ...rated(code, PLAN_RATINGS[code]),
    time: decidedAt,
    timezone_offset: 0,
    status_detail: plan.blocks.length > 0 ? plan.blocks.join('; ') : `mode ${plan.mode}`,
    message: `sweep ${plan.plan_id}: ${plan.verdict}`,
    command_uid: id,
    remediation: { desc: 'Revoke keys that are expired, too old or idle, within guard rails' },
    metadata: metadata(`${id}#20-plan`, id, startedAt),
    cloud: cloud(context),
    actor: { app_name: PRODUCT, invoked_by: invokedBy },
    api: {
      operation: 'listServiceUserApiKeys',
      service: { name: 'devin-api', version: 'v3' },
      request: { uid: context.requestId },
    },
    is_alert: plan.verdict === 'blocked',
    unmapped: { kind: 'plan', ...plan },
  };
}
