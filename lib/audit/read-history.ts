import * as z from 'zod/mini';
import type { ListObjects } from '../aws/list-objects.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { Key } from '../domain/key.ts';
import { Collateral, Deletion } from '../domain/outcome-facts.ts';
import type { Report } from '../domain/report.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { History } from './history.ts';
import { AuditStoreError } from './read-earlier.ts';
import { isHistory, recordFolder } from './record-path.ts';

const Sent = z.object({ unmapped: z.object({ ...Key.shape, delete_sent_at: z.int() }) });
const Attempt = z.object({
  unmapped: z.object({
    deletions: z.optional(z.array(Deletion)),
    collateral: z.optional(z.array(Collateral)),
    own_key: z.optional(z.literal(true)),
  }),
});

/**
 * Reads what earlier deliveries recorded: that a DELETE was sent, beside it, and what came of it, at their end. One whose
 * delivery ended without a record of the answer is `unanswered`.
 *
 * @throws {AuditStoreError} @throws {ListError}
 */
export async function readHistory(
  { list, store }: { readonly list: ListObjects; readonly store: AuditStore },
  report: Report,
  retry: RetryOptions,
): Promise<History> {
  const objects = await list(recordFolder(report), { deadline: retry.deadline });
  const paths = objects.map(({ key }) => key).filter(isHistory);
  const texts = await Promise.all(paths.map((path) => readText(store, path, retry)));
  return historyOf(texts);
}

/** @param texts the records of DELETEs and of attempts, in the order of their names */
export function historyOf(texts: readonly string[]): History {
  const sent = texts.flatMap((text) => parseJson(text, Sent)?.unmapped ?? []);
  const attempts = texts.flatMap((text) => parseJson(text, Attempt)?.unmapped ?? []);
  const answered = attempts.flatMap(({ deletions = [] }) => deletions);
  const deletions = new Map<string, Deletion>();
  for (const { api_key_id, delete_sent_at: sent_at, service_user_id } of sent) {
    const deletion = { service_user_id, api_key_id, sent_at, answer: 'unanswered' } as const;
    deletions.set(placeOf(deletion), deletion);
  }
  for (const deletion of answered) deletions.set(placeOf(deletion), deletion);
  const collateral = new Map(
    attempts.flatMap(({ collateral = [] }) => collateral.map((key) => [key.api_key_id, key] as const)),
  );
  return {
    deletions: [...deletions.values()].sort((a, b) => a.sent_at - b.sent_at),
    collateral: [...collateral.values()],
    ...(attempts.some(({ own_key }) => own_key) && { own_key: true }),
  };
}

function placeOf({ api_key_id, sent_at }: Deletion): string {
  return `${sent_at} ${api_key_id}`;
}

async function readText(store: AuditStore, path: string, retry: RetryOptions): Promise<string> {
  const found = await store.get(path, retry);
  if (!found.ok) throw new AuditStoreError(`the audit store cannot be read (${found.reason})`);
  return found.text ?? '';
}
