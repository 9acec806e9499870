import * as z from 'zod/mini';
import { INTENT, OUTCOME, recordPath } from '../audit/record-path.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { Key } from '../domain/key.ts';
import { parseJson } from '../platform/parse-json.ts';
import { sleep } from '../platform/retry.ts';

const text = z.optional(z.string());

/** What a drill asks of the record of an outcome, and when it was written. Epoch milliseconds. */
const EndedRecord = z.object({
  time: z.int(),
  unmapped: z.object({
    status: z.string(),
    service_user_id: text,
    api_key_id: text,
    evidence: text,
    reason: text,
    attribution: z.optional(z.object({ method: z.string(), confidence: z.string() })),
    proof: z.optional(z.object({ method: z.string(), probes: z.int(), at: z.int() })),
    deletions: z.optional(z.array(z.object({ ...Key.shape, sent_at: z.int(), answer: z.string() }))),
  }),
});
export type EndedRecord = z.infer<typeof EndedRecord>;

const IntentRecord = z.object({ time: z.int() });

/** A report, as its place in the audit log. */
export interface FollowedReport {
  readonly report_id: string;
  /** Epoch milliseconds. */
  readonly reported_at: number;
}

/** Milliseconds between two looks. */
const PACE_MS = 500;

/** Waits until the outcome of a report is on record. @returns `undefined` when it is not by the deadline */
export async function followReport(
  { get }: Pick<AuditStore, 'get'>,
  report: FollowedReport,
  deadline: number,
): Promise<EndedRecord | undefined> {
  for (;;) {
    const answer = await get(recordPath(report, OUTCOME), { deadline, attempts: 3 });
    const found = answer.ok && answer.text !== undefined ? parseJson(answer.text, EndedRecord) : undefined;
    if (found !== undefined) return found;
    if (Date.now() + PACE_MS >= deadline) return undefined;
    await sleep(PACE_MS);
  }
}

/** When the intent of a report was recorded, epoch milliseconds. */
export async function intentTime(
  { get }: Pick<AuditStore, 'get'>,
  report: FollowedReport,
  deadline: number,
): Promise<number | undefined> {
  const answer = await get(recordPath(report, INTENT), { deadline, attempts: 3 });
  return answer.ok && answer.text !== undefined ? parseJson(answer.text, IntentRecord)?.time : undefined;
}
