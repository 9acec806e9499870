import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { RetryOptions } from '../platform/retry.ts';

/**
 * Stores what only one run at a time writes. The answer to an attempt may have been lost, so that what exists counts as
 * stored when it is the same.
 *
 * @returns why it is not stored, or `undefined`
 */
export async function putOwn(
  store: AuditStore,
  path: string,
  text: string,
  retry: RetryOptions,
): Promise<string | undefined> {
  const stored = await store.put(path, text, retry);
  switch (stored.result) {
    case 'stored':
      return undefined;
    case 'failed':
      return stored.reason;
    case 'exists': {
      const found = await store.get(path, retry);
      return found.ok && found.text === text ? undefined : `another run wrote ${path}`;
    }
    default:
      return stored satisfies never;
  }
}
