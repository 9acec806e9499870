import * as z from 'zod/mini';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { intentName, OUTCOME, recordPath } from './record-path.ts';

/** What earlier deliveries of the same report left on record. */
export interface Earlier {
  readonly intent?: { readonly service_user_id: string; readonly api_key_id?: string; readonly time: number };
  readonly outcome?: Outcome;
}

/** The audit store could not be read, or holds what is not a record. */
export class AuditStoreError extends Error {
  override readonly name = 'AuditStoreError';
  readonly code = 'audit_store';
}

/** An intent has the whole key when the report gave ids, and its service user otherwise. */
const Intent = z.object({
  time: z.number(),
  unmapped: z.object({ service_user_id: z.string(), api_key_id: z.optional(z.string()) }),
});
const Settled = z.object({ unmapped: z.looseObject({ status: z.string(), report_id: z.string() }) });

/**
 * Reads the intent and the outcome of a report.
 *
 * @param part whose intent, when the report has several leaks
 * @throws {AuditStoreError}
 */
export async function readEarlier(
  store: AuditStore,
  report: Report,
  retry: RetryOptions,
  part = 0,
): Promise<Earlier> {
  async function read<T extends z.core.$ZodType>(name: string, schema: T): Promise<z.output<T> | undefined> {
    const path = recordPath(report, name);
    const found = await store.get(path, retry);
    if (!found.ok) throw new AuditStoreError(`the audit store cannot be read (${found.reason})`);
    if (found.text === undefined) return undefined;
    const record = parseJson(found.text, schema);
    if (record === undefined) throw new AuditStoreError(`the audit record ${path} is not readable`);
    return record;
  }
  const [intent, settled] = await Promise.all([read(intentName(part), Intent), read(OUTCOME, Settled)]);
  return {
    ...(intent && { intent: intentFacts(intent) }),
    ...(settled && { outcome: outcomeOf(settled.unmapped) }),
  };
}

function intentFacts({ time, unmapped }: z.output<typeof Intent>): NonNullable<Earlier['intent']> {
  const { api_key_id, service_user_id } = unmapped;
  return { time, service_user_id, ...(api_key_id !== undefined && { api_key_id }) };
}

/** The outcome inside a stored record, without what the record adds. */
function outcomeOf({
  attempt: _attempt,
  intent_stored: _intentStored,
  kind: _kind,
  report: _report,
  ...facts
}: Record<string, unknown>): Outcome {
  const outcome = z.safeParse(Outcome, facts);
  if (!outcome.success) throw new AuditStoreError('the stored outcome is not readable');
  return outcome.data;
}
