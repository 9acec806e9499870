import * as z from 'zod/mini';
import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import { Key } from '../domain/key.ts';
import { Confidence } from '../domain/outcome.ts';
import { ReportId } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** Which key a token was of, how sure that is, and which report found it out. */
const Known = z.object({
  ...Key.shape,
  confidence: Confidence,
  report_id: ReportId,
  /** ISO 8601: when this software first used the token, and when the key was last used before. */
  used_by_us_at: z.optional(z.string()),
  last_used_at: z.optional(z.string()),
  own_key: z.optional(z.literal(true)),
});
export type Known = z.infer<typeof Known>;

/** Stores which key a token was of, for the next report of the same token. The first note stands. */
export function putKnownKey(
  store: AuditStore,
  token: Token,
  known: Known,
  retry: RetryOptions,
): Promise<Stored> {
  return store.put(knownKeyPath(token), known, retry);
}

/** @returns `undefined` when no report noted the key, or the note cannot be read */
export async function getKnownKey(
  store: AuditStore,
  token: Token,
  retry: RetryOptions,
): Promise<Known | undefined> {
  const found = await store.get(knownKeyPath(token), retry);
  return found.ok && found.text !== undefined ? parseJson(found.text, Known) : undefined;
}

/** One file a token; nothing of the token can be found from its name. */
function knownKeyPath(token: Token): string {
  return `tokens/${token.fingerprint()}.json`;
}
