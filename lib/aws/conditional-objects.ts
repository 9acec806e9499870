import { hash } from 'node:crypto';
import { jitter, type RetryOptions, sleep } from '../platform/retry.ts';
import { type AwsAnswer, callAws } from './call-aws.ts';
import { type AwsEnvironment, bucketUrl } from './environment.ts';

/** The condition of a put: that there is no such object, or that the object is of the version with this tag. */
export type Condition = { readonly 'if-none-match': '*' } | { readonly 'if-match': string };

/** Objects of a bucket, with conditional writes. */
export interface ConditionalObjects {
  get(path: string, retry: RetryOptions): Promise<AwsAnswer>;
  /** Answers 412 where the condition does not hold, and 404 where there is no object to be replaced. */
  put(
    path: string,
    body: string,
    condition: Condition,
    retry: RetryOptions,
    onSent?: () => void,
  ): Promise<AwsAnswer>;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function conditionalObjects(aws: AwsEnvironment, bucket: string): ConditionalObjects {
  const base = bucketUrl(aws, bucket);
  const request = (path: string) => ({ service: 's3', url: `${base}/${encodePath(path)}` }) as const;

  return {
    get: (path, retry) => callAws(aws, { ...request(path), method: 'GET' }, retry),

    async put(path, body, condition, retry, onSent) {
      const headers = putHeaders(body, condition);
      const put = { ...request(path), method: 'PUT', headers, body, ...(onSent && { onSent }) };
      for (let attempt = 1; ; attempt++) {
        const answer = await callAws(aws, put, retry);
        const pause = jitter(attempt);
        // 409: another conditional write of the same name is in flight.
        if (answer.status !== 409 || attempt >= 6 || Date.now() + pause >= retry.deadline) return answer;
        await sleep(pause);
      }
    },
  };
}

function putHeaders(body: string, condition: Condition): Record<string, string> {
  const digest = hash('sha256', body, 'buffer');
  return {
    'content-type': 'application/json',
    ...condition,
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
