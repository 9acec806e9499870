import type { RetryOptions } from '../platform/retry.ts';
import { conditionalObjects } from './conditional-objects.ts';
import type { AwsEnvironment } from './environment.ts';

/** `exists`: a record of that name was there before, and stays as it is. */
export type Stored =
  | { readonly result: 'stored' | 'exists' }
  | { readonly result: 'failed'; readonly reason: string };

/** What the audit bucket keeps as it was written: nothing is ever overwritten or deleted through it. */
export interface AuditStore {
  /** @param record an object, or its JSON @param onSent called once the request is on the wire */
  put(path: string, record: object | string, retry: RetryOptions, onSent?: () => void): Promise<Stored>;
  /** @returns `undefined` when there is no such record; the raw text otherwise */
  get(
    path: string,
    retry: RetryOptions,
  ): Promise<{ ok: true; text: string | undefined } | { ok: false; reason: string }>;
}

/** The store in S3, with conditional writes. */
export function s3AuditStore(aws: AwsEnvironment, bucket: string): AuditStore {
  const objects = conditionalObjects(aws, bucket);
  return {
    async put(path, record, retry, onSent) {
      const body = typeof record === 'string' ? record : JSON.stringify(record);
      const { code, status } = await objects.put(path, body, { 'if-none-match': '*' }, retry, onSent);
      if (status === 200) return { result: 'stored' };
      if (status === 412) return { result: 'exists' };
      return { result: 'failed', reason: `the audit store did not take the record (${code})` };
    },

    async get(path, retry) {
      const { body, code, status } = await objects.get(path, retry);
      if (status === 404) return { ok: true, text: undefined };
      return status === 200 ? { ok: true, text: body } : { ok: false, reason: code };
    },
  };
}
