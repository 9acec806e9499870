import * as z from 'zod/mini';
import { parseJson } from '../../../lib/platform/parse-json.ts';
import type { ReportFolder } from './report-folders.ts';
import type { Source } from './source.ts';

const text = z.optional(z.string());
const flag = z.optional(z.boolean());

/** What is said of each of several leaks too. */
const ofLeak = {
  service_user_id: text,
  api_key_id: text,
  api_key_name: text,
  evidence: text,
  next_step: text,
  reason: text,
  own_key: flag,
  attribution: z.optional(z.object({ method: z.string(), confidence: z.string() })),
  exposure: z.optional(z.object({ used_after_leak: flag, last_used_at: text })),
  collateral: z.optional(
    z.array(z.object({ api_key_id: z.string(), api_key_name: z.string(), replace_with: z.string() })),
  ),
  proof: z.optional(z.object({ method: z.string(), probes: z.number(), at: z.number() })),
};

/** The fields of a record that are shown; loose, since other versions add fields. */
export const ShownRecord = z.object({
  time: z.number(),
  status_code: z.string(),
  status_detail: text,
  actor: z.object({ invoked_by: text, user: z.optional(z.object({ name: z.string() })) }),
  unmapped: z.object({
    kind: z.string(),
    status: text,
    ...ofLeak,
    /** Of a report with several tokens. */
    leaks: z.optional(z.array(z.object({ status: z.string(), ...ofLeak }))),
    retryable: flag,
    alert: z.optional(z.object({ closed: z.boolean(), reason: text })),
    delete_sent_at: z.optional(z.number()),
    act: text,
    subject: text,
    attempt: z.optional(z.number()),
    intent_stored: flag,
    plan_id: text,
    mode: text,
    verdict: text,
    totals: z.optional(z.record(z.string(), z.number())),
    blocks: z.optional(z.array(z.string())),
    report: z.optional(
      z.object({
        report_id: z.string(),
        detector: z.string(),
        caller: text,
        reported_at: z.number(),
        leaked_at: z.optional(z.number()),
        seen_at: z.number(),
        reason: text,
        dry_run: flag,
        leak: z.object({
          kind: z.string(),
          owner: text,
          repo: text,
          number: z.optional(z.number()),
          service_user_id: text,
          api_key_id: text,
        }),
      }),
    ),
  }),
});
export type ShownRecord = z.infer<typeof ShownRecord>;

/** A record, and all of it as it is stored. */
export interface ReadRecord {
  readonly name: string;
  readonly record: ShownRecord;
  readonly json: unknown;
}

/**
 * Reads a record of a report.
 *
 * @returns `undefined` when the file is not a record, which `verify` reports
 * @throws {SourceError} when the file cannot be read
 */
export async function readRecord(
  source: Source,
  { path }: Pick<ReportFolder, 'path'>,
  name: string,
): Promise<ReadRecord | undefined> {
  const json = parseJson((await source.read(`${path}${name}.json`)).toString(), z.unknown());
  const record = z.safeParse(ShownRecord, json).data;
  return record === undefined ? undefined : { name, record, json };
}
