import type { AuditContext } from '../../audit/audit-entry.ts';
import type { Forward } from '../../audit/forward-to-siem.ts';
import { serialiseAs } from '../../audit/ocsf-schema.ts';
import { PlanFacts, planRecord } from '../../audit/plan-record.ts';
import { recordPath } from '../../audit/record-path.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { log } from '../../platform/log.ts';
import type { RecordPlan } from './deps.ts';
import { PlanStoreError } from './plan-store.ts';

/** Writes a sweep's plan as an audit record, beside those of leaks. The whole plan is in the plan store. */
export function planRecorder(
  { forward, store }: { readonly store: AuditStore; readonly forward?: Forward | undefined },
  context: Omit<AuditContext, 'attempt'>,
  deadline: number,
): RecordPlan {
  return async ({ blocks, decided_at, invoked_by, mode, plan_id, started_at, totals, verdict }) => {
    const { rules, ...counts } = totals;
    const facts = {
      plan_id,
      mode,
      verdict,
      totals: { ...counts, ...rules },
      blocks: blocks.map(({ reason }) => reason),
    };
    const path = recordPath({ report_id: `sweep/${plan_id}`, reported_at: started_at }, '20-plan');
    const body = serialiseAs(
      PlanFacts,
      planRecord(facts, { startedAt: started_at, decidedAt: decided_at, invokedBy: invoked_by }, context),
    );
    const stored = await store.put(path, body, { deadline });
    if (stored.result === 'failed') throw new PlanStoreError(stored.reason);
    if (forward !== undefined && !(await forward.post(body, deadline))) {
      log('error', 'the record of a plan was not forwarded', { path });
    }
  };
}
