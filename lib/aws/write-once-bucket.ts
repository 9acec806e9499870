import { hash } from 'node:crypto';
import { jitter, type RetryOptions, sleep } from '../platform/retry.ts';
import { callAws } from './call-aws.ts';
import { type AwsEnvironment, bucketUrl } from './environment.ts';

/** `exists`: a record of that name was there before, and stays as it is. */
export type Stored =
  | { readonly result: 'stored' | 'exists' }
  | { readonly result: 'failed'; readonly reason: string };

/** The audit bucket. Nothing in it is ever overwritten or deleted. */
export interface AuditStore {
  /** @param record an object, or its JSON */
  put(path: string, record: object | string, retry: RetryOptions): Promise<Stored>;
  /** @returns `undefined` when there is no such record; the raw text otherwise */
  get(
    path: string,
    retry: RetryOptions,
  ): Promise<{ ok: true; text: string | undefined } | { ok: false; reason: string }>;
}

/**
 * The store in S3, with conditional writes:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3AuditStore(aws: AwsEnvironment, bucket: string): AuditStore {
  const base = bucketUrl(aws, bucket);
  const request = (path: string) => ({ service: 's3', url: `${base}/${encodePath(path)}` }) as const;

  return {
    async put(path, record, retry) {
      const body = typeof record === 'string' ? record : JSON.stringify(record);
      const put = { ...request(path), method: 'PUT', headers: putHeaders(body), body };
      for (let attempt = 1; ; attempt++) {
        const { code, status } = await callAws(aws, put, retry);
        if (status === 200) return { result: 'stored' };
        if (status === 412) return { result: 'exists' };
        // 409: another conditional write of the same name is in flight.
        if (status !== 409 || attempt >= 6 || Date.now() > retry.deadline) {
          return { result: 'failed', reason: `the audit store did not take the record (${code})` };
        }
        await sleep(jitter(attempt));
      }
    },

    async get(path, retry) {
      const { body, code, status } = await callAws(aws, { ...request(path), method: 'GET' }, retry);
      if (status === 404) return { ok: true, text: undefined };
      return status === 200 ? { ok: true, text: body } : { ok: false, reason: code };
    },
  };
}

function putHeaders(body: string): Record<string, string> {
  const digest = hash('sha256', body, 'buffer');
  return {
    'content-type': 'application/json',
    'if-none-match': '*',
    // Object Lock requires a checksum on every put.
    'x-amz-checksum-sha256': digest.toString('base64'),
    // The signer would compute it again.
    'x-amz-content-sha256': digest.toString('hex'),
  };
}

/** S3 signs over the encoded path, in which only RFC 3986's unreserved characters stand for themselves. */
export function encodePath(path: string): string {
  const encode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, encode))
    .join('/');
}
