import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { sdkErrorCode, sdkOptions } from '../../lib/aws/sdk-options.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { type Source, SourceError, type SourceFile } from './source.ts';

/** For one request, its retries included, milliseconds. A listing has no deadline as a whole: it makes progress or fails. */
const REQUEST_MS = 60_000;

/** The bucket itself. */
export function bucketSource(aws: AwsEnvironment, bucket: string): Source {
  const client = new S3Client({
    ...sdkOptions(aws, 'S3', { attempts: 8, timeoutMs: 10_000 }),
    forcePathStyle: aws.endpoint('S3') !== undefined,
  });
  const store = s3AuditStore(aws, bucket);
  return {
    list: (prefix, startAfter) => pages(client, { Bucket: bucket, Prefix: prefix, StartAfter: startAfter }),
    async read(key) {
      const found = await store.get(key, { deadline: Date.now() + REQUEST_MS, attempts: 8 });
      if (!found.ok) throw new SourceError(`${key} cannot be read: ${found.reason}`);
      if (found.text === undefined) throw new SourceError(`${key} does not exist`);
      return Buffer.from(found.text);
    },
  };
}

interface Wanted {
  readonly Bucket: string;
  readonly Prefix: string;
  readonly StartAfter: string | undefined;
}

/** Page after page. The next one is asked for once a second file of this one is used: some callers want only the first. */
async function* pages(client: S3Client, wanted: Wanted): AsyncGenerator<SourceFile> {
  let current = await page(client, wanted, undefined);
  for (;;) {
    const [first, ...rest] = current.files;
    if (first !== undefined) yield first;
    if (current.token === undefined) {
      yield* rest;
      return;
    }
    const next = page(client, wanted, current.token);
    // A consumer that stops early leaves it unread.
    next.catch(() => undefined);
    yield* rest;
    current = await next;
  }
}

async function page(client: S3Client, wanted: Wanted, token: string | undefined) {
  try {
    const answer = await client.send(new ListObjectsV2Command({ ...wanted, ContinuationToken: token }), {
      abortSignal: AbortSignal.timeout(REQUEST_MS),
    });
    const { Contents = [], IsTruncated, KeyCount, NextContinuationToken } = answer;
    const isWhole = KeyCount === Contents.length && (!IsTruncated || NextContinuationToken !== undefined);
    if (!isWhole) throw new SourceError('the answer is not a listing');
    return { files: Contents.flatMap(toFile), token: NextContinuationToken };
  } catch (error) {
    throw error instanceof SourceError
      ? error
      : new SourceError(`s3://${wanted.Bucket} cannot be listed (${sdkErrorCode(error)})`);
  }
}

function toFile({ Key, LastModified }: { Key?: string | undefined; LastModified?: Date | undefined }) {
  if (Key === undefined || LastModified === undefined) throw new SourceError('the answer is not a listing');
  return [{ key: Key, storedAt: LastModified.getTime() }];
}
