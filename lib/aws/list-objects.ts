import { HttpFailure } from '../platform/http.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { bucketUrl } from './environment.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

/** An object of the audit bucket. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds, by S3's own clock, to the second. */
  readonly storedAt: number;
}

/** The bucket could not be listed. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly code = 'audit_list';
}

export type ListObjects = (
  prefix: string,
  retry: RetryOptions & { startAfter?: string },
) => Promise<StoredObject[]>;

/**
 * Lists a bucket, in the order of keys: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * Keys of this project need no decoding: they are made of `[A-Za-z0-9/_.=-]`.
 */
export function s3List(aws: AwsEnvironment, bucket: string): ListObjects {
  const base = bucketUrl(aws, bucket);
  return async (prefix, { startAfter, ...retry }) => {
    const found: StoredObject[] = [];
    for (let token: string | undefined; ; ) {
      const url = new URL(`${base}/`);
      const query = { 'list-type': '2', prefix, ...(token ? { 'continuation-token': token } : {}) };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      if (startAfter !== undefined) url.searchParams.set('start-after', startAfter);
      const page = await read(await signed(aws, 's3', { method: 'GET', url }), retry);
      found.push(...page.objects);
      if (page.next === undefined) return found;
      token = page.next;
    }
  };
}

async function read(request: Parameters<typeof sendRetrying>[0], retry: RetryOptions) {
  try {
    const { response } = await sendRetrying(request, retry);
    if (response.status !== 200)
      throw new ListError(`the audit bucket is not listed: HTTP ${response.status}`);
    return parsePage(response.body);
  } catch (error) {
    if (error instanceof HttpFailure) throw new ListError(`the audit bucket is not listed: ${error.code}`);
    throw error;
  }
}

function parsePage(xml: string): { objects: StoredObject[]; next: string | undefined } {
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => ({
    key: unescaped(tag(entry, 'Key') ?? ''),
    size: Number(tag(entry, 'Size')),
    storedAt: Date.parse(tag(entry, 'LastModified') ?? ''),
  }));
  const next = tag(xml, 'NextContinuationToken');
  return { objects, next: next === undefined ? undefined : unescaped(next) };
}

function tag(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d+));/g, (_, name, code) =>
    name === undefined ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? ''),
  );
}
