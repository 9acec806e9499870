import { jitter, type RetryOptions, sleep } from '../platform/retry.ts';
import { type AwsAnswer, callAws } from './call-aws.ts';
import { type AwsEnvironment, bucketUrl } from './environment.ts';
import { encodePath, putHeaders } from './write-once-bucket.ts';

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

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function s3ReplaceableObjects(aws: AwsEnvironment, bucket: string): ReplaceableObjects {
  const base = bucketUrl(aws, bucket);
  const request = (path: string) => ({ service: 's3', url: `${base}/${encodePath(path)}` }) as const;

  return {
    async get(path, retry) {
      const answer = await callAws(aws, { ...request(path), method: 'GET' }, retry);
      if (answer.status === 404) return { ok: true, found: undefined };
      const { body: text, code, etag, status } = answer;
      if (status !== 200) return { ok: false, reason: code };
      return etag === undefined
        ? { ok: false, reason: 'an answer without an ETag' }
        : { ok: true, found: { text, etag } };
    },

    async put(path, value, etag, retry) {
      const body = JSON.stringify(value);
      const condition: Record<string, string> =
        etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag };
      const put = { ...request(path), method: 'PUT', headers: { ...putHeaders(body), ...condition }, body };
      for (let attempt = 1; ; attempt++) {
        const answer = await callAws(aws, put, retry);
        // 409: another conditional write of the same name is in flight.
        if (answer.status !== 409 || attempt >= 6 || Date.now() > retry.deadline) return replaced(answer);
        await sleep(jitter(attempt));
      }
    },
  };
}

function replaced({ code, etag, status }: AwsAnswer): Replaced {
  if (status === 200 && etag !== undefined) return { result: 'stored', etag };
  // 404: there is no object to be replaced.
  if (status === 412 || status === 404) return { result: 'conflict' };
  return { result: 'failed', reason: `the object was not stored (${code})` };
}
