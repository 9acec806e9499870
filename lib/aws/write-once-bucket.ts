import { hash } from 'node:crypto';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { jitter, type RetryOptions, sendRetrying, sleep } from '../platform/retry.ts';
import { bucketUrl } from './environment.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

/** `exists`: a record of that name is there already, and stays as it is. */
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

  async function call(
    method: 'PUT' | 'GET',
    path: string,
    retry: RetryOptions,
    body?: string,
  ): Promise<HttpResponse | HttpFailure> {
    const headers = body === undefined ? {} : putHeaders(body);
    const request = {
      method,
      url: new URL(`${base}/${encodePath(path)}`),
      headers,
      ...(body !== undefined && { body }),
    };
    try {
      return (await sendRetrying(await signed(aws, 's3', request), retry)).response;
    } catch (error) {
      if (error instanceof HttpFailure) return error;
      throw error;
    }
  }

  return {
    async put(path, record, retry) {
      const body = typeof record === 'string' ? record : JSON.stringify(record);
      for (let attempt = 1; ; attempt++) {
        const answer = await call('PUT', path, retry, body);
        if (answer instanceof HttpFailure) return failed(answer.code);
        if (answer.status === 200) return { result: 'stored' };
        if (answer.status === 412) return { result: 'exists' };
        // 409: another conditional write of the same name is in flight.
        if (answer.status !== 409 || attempt >= 6 || Date.now() > retry.deadline)
          return failed(`HTTP ${answer.status}`);
        await sleep(jitter(attempt));
      }
    },

    async get(path, retry) {
      const answer = await call('GET', path, retry);
      if (answer instanceof HttpFailure) return { ok: false, reason: answer.code };
      if (answer.status === 404) return { ok: true, text: undefined };
      return answer.status === 200
        ? { ok: true, text: answer.body }
        : { ok: false, reason: `HTTP ${answer.status}` };
    },
  };
}

function putHeaders(body: string): Record<string, string> {
  const digest = hash('sha256', body, 'buffer');
  return {
    'content-type': 'application/json',
    'if-none-match': '*',
    // Object Lock demands a checksum on every put.
    'x-amz-checksum-sha256': digest.toString('base64'),
    // The signer would work it out once more.
    'x-amz-content-sha256': digest.toString('hex'),
  };
}

// S3 signs over the encoded path, in which only RFC 3986's unreserved characters stand for themselves.
function encodePath(path: string): string {
  const encode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, encode))
    .join('/');
}

function failed(reason: string): Stored {
  return { result: 'failed', reason: `the audit store did not take the record (${reason})` };
}
