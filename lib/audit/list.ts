import { bucketUrl } from '../aws/environment.ts';
import { type AwsEnvironment, signed } from '../aws/sign-request.ts';
import { HttpFailure } from '../platform/http.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';

/** The first name under a prefix of the audit bucket, in byte order, after `startAfter`. */
export type FirstName = (
  where: { readonly prefix: string; readonly startAfter?: string },
  retry: RetryOptions,
) => Promise<{ ok: true; name: string | undefined } | { ok: false; reason: string }>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, which is strongly consistent */
export function s3FirstName(aws: AwsEnvironment, bucket: string): FirstName {
  const base = bucketUrl(aws, bucket);
  return async ({ prefix, startAfter }, retry) => {
    const url = new URL(base);
    const query = {
      'list-type': '2',
      'max-keys': '1',
      prefix,
      ...(startAfter && { 'start-after': startAfter }),
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    try {
      const request = await signed(aws, 's3', { method: 'GET', url, headers: {} });
      const { response } = await sendRetrying(request, retry);
      if (response.status !== 200 || !response.body.includes('<ListBucketResult')) {
        return { ok: false, reason: `HTTP ${response.status}` };
      }
      // Our names hold nothing that XML would escape.
      return { ok: true, name: /<Key>([^<]*)<\/Key>/.exec(response.body)?.[1] };
    } catch (error) {
      if (error instanceof HttpFailure) return { ok: false, reason: error.code };
      throw error;
    }
  };
}
