import * as z from 'zod/mini';
import { ReportId } from '../../domain/report.ts';
import { badEvent } from '../../intake/request.ts';
import { type ActParts, recordAct } from '../record-act.ts';
import { ACKNOWLEDGED } from '../record-path.ts';
import { isOf } from './reconcile.ts';
import { readState, type StateParts } from './state.ts';

/** What a person sends to accept that a report has no outcome. */
const Acknowledgement = z.strictObject({
  acknowledge: ReportId,
  reason: z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(500, 'is too long')),
});
export type Acknowledgement = z.infer<typeof Acknowledgement>;

/** A rule of EventBridge, or a person who wants a run now. */
const Run = z.union([z.object({ 'detail-type': z.literal('Scheduled Event') }), z.strictObject({})]);

/** @returns `undefined` for a run without an acknowledgement @throws {BadEventError} */
export function readAcknowledgement(event: unknown): Acknowledgement | undefined {
  if (Run.safeParse(event ?? {}).success) return undefined;
  const { data } = Acknowledgement.safeParse(event);
  if (data === undefined) throw badEvent(['must be {} or {"acknowledge": report id, "reason"}']);
  return data;
}

/**
 * Puts on record, in the report's folder, that a person knows of a lost report. The next run closes it.
 *
 * @throws {BadEventError} when no such report is open
 * @throws {AuditStoreError} @throws {ReconcileError}
 */
export async function acknowledge(
  { acknowledge: id, reason }: Acknowledgement,
  by: string | undefined,
  parts: ActParts & StateParts,
): Promise<void> {
  const { state } = await readState(parts);
  const found = state.open.find((report) => isOf(report, id));
  const date = /^records\/date=([^/]+)\//.exec(found?.intent ?? '')?.[1];
  if (date === undefined) throw badEvent(['no report of this id is open']);
  const act = { act: 'acknowledge' as const, subject: id, reason, by, time: parts.now };
  const report = { report_id: id, reported_at: Date.parse(`${date}T00:00:00Z`) };
  await recordAct(act, parts, { name: ACKNOWLEDGED, report });
}
