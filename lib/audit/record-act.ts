import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Report } from '../domain/report.ts';
import { log, logRecord } from '../platform/log.ts';
import { type Act, ActFacts, actRecord } from './act-record.ts';
import type { AuditContext } from './audit-entry.ts';
import type { Forward } from './forward-to-siem.ts';
import { serialiseAs } from './ocsf-schema.ts';
import { AuditStoreError } from './read-earlier.ts';
import { ACT, recordPath } from './record-path.ts';

export interface ActParts {
  readonly store: AuditStore;
  readonly forward?: Forward | undefined;
  readonly context: Omit<AuditContext, 'attempt'>;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/**
 * Puts on record what a person does, before it is done, and copies it to the SIEM. What is about a report lies among its
 * records; everything else has a folder of its own, by the request.
 *
 * @param place.name of the record, for a request that makes several
 * @throws {AuditStoreError} when it is not stored
 */
export async function recordAct(
  act: Act,
  { context, deadline, forward, store }: ActParts,
  {
    name = ACT,
    report: folder = { report_id: `act/${context.requestId}`, reported_at: act.time },
  }: { readonly name?: string; readonly report?: Pick<Report, 'report_id' | 'reported_at'> } = {},
): Promise<void> {
  const body = serialiseAs(ActFacts, actRecord(act, { id: folder.report_id, name }, context));
  const path = recordPath(folder, name);
  const stored = await store.put(path, body, { deadline, attempts: 6 });
  logRecord('audit', { audit: stored.result, path }, body);
  if (stored.result === 'failed') throw new AuditStoreError(`the act is not on record: ${stored.reason}`);
  if (forward !== undefined && !(await forward.post(body, deadline))) {
    log('error', 'an act was not forwarded', { path });
  }
}
