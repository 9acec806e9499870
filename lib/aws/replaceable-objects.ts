import type { RetryOptions } from '../platform/retry.ts';
import { conditionalObjects } from './conditional-objects.ts';
import type { AwsEnvironment } from './environment.ts';

/** An object as it was read. `etag` names the version. */
export interface FoundObject {
  readonly text: string;
  readonly etag: string;
}

/** `conflict`: the object is not, or no longer, in the version that the put was made for. */
export type Replaced =
  | { readonly result: 'stored'; readonly etag: string }
  | { readonly result: 'conflict' }
  | { readonly result: 'failed'; readonly reason: string };

/**
 * Objects of the audit bucket that may change: the registry, and experiments in progress. They are no audit records, and
 * no digest covers them. Each put names the version that it replaces, and the bucket keeps every version.
 */
export interface ReplaceableObjects {
  /** `found` is `undefined` when there is no such object. */
  get(
    path: string,
    retry: RetryOptions,
  ): Promise<{ ok: true; found: FoundObject | undefined } | { ok: false; reason: string }>;
  /** @param etag the version to replace; `undefined` puts only where there is no object */
  put(path: string, value: object, etag: string | undefined, retry: RetryOptions): Promise<Replaced>;
}

export function s3ReplaceableObjects(aws: AwsEnvironment, bucket: string): ReplaceableObjects {
  const objects = conditionalObjects(aws, bucket);
  return {
    async get(path, retry) {
      const { body: text, code, etag, status } = await objects.get(path, retry);
      if (status === 404) return { ok: true, found: undefined };
      return status === 200 && etag ? { ok: true, found: { text, etag } } : { ok: false, reason: code };
    },

    async put(path, value, expected, retry) {
      const condition =
        expected === undefined ? ({ 'if-none-match': '*' } as const) : { 'if-match': expected };
      const { code, etag, status } = await objects.put(path, JSON.stringify(value), condition, retry);
      if (status === 200 && etag) return { result: 'stored', etag };
      if (status === 412 || status === 404) return { result: 'conflict' };
      return { result: 'failed', reason: `the object was not stored (${code})` };
    },
  };
}
