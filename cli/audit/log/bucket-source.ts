import {
  type DeleteMarkerEntry,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion,
  S3Client,
  type _Object as S3Object,
} from '@aws-sdk/client-s3';
import type { AwsEnvironment } from '../../../lib/aws/environment.ts';
import { sdkErrorCode, sdkOptions } from '../../../lib/aws/sdk-options.ts';
import { s3AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { compareKeys, type Source, SourceError, type SourceFile, type SourceVersion } from './source.ts';

/** For one request, its retries included, milliseconds. A listing has no deadline as a whole: it makes progress or fails. */
const REQUEST_MS = 60_000;

/** A page of a listing; `next` asks for the one after it. */
interface Page<T> {
  readonly items: readonly T[];
  readonly next?: () => Promise<Page<T>>;
}

/** The bucket itself. */
export function bucketSource(aws: AwsEnvironment, bucket: string): Source {
  const client = new S3Client({
    ...sdkOptions(aws, 'S3', { attempts: 8, timeoutMs: 10_000 }),
    forcePathStyle: aws.endpoint('S3') !== undefined,
  });
  const store = s3AuditStore(aws, bucket);
  return {
    name: `s3://${bucket}`,
    list: (Prefix, StartAfter) => pages(() => objects(client, { Bucket: bucket, Prefix, StartAfter })),
    versions: (Prefix, KeyMarker) => pages(() => versions(client, { Bucket: bucket, Prefix, KeyMarker })),
    async read(key) {
      const found = await store.get(key, { deadline: Date.now() + REQUEST_MS, attempts: 8 });
      if (!found.ok) throw new SourceError(`${key} cannot be read: ${found.reason}`);
      if (found.text === undefined) throw new SourceError(`${key} does not exist`);
      return Buffer.from(found.text);
    },
  };
}

/** Page after page. The next is asked for once a second item of this one is used: some callers want only the first. */
async function* pages<T>(first: () => Promise<Page<T>>): AsyncGenerator<T> {
  let page = await first();
  for (;;) {
    const [one, ...rest] = page.items;
    if (one !== undefined) yield one;
    const next = page.next?.();
    // A consumer that stops early leaves it unread.
    next?.catch(() => undefined);
    yield* rest;
    if (next === undefined) return;
    page = await next;
  }
}

interface Listed {
  readonly Bucket: string;
  readonly Prefix: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, which is strongly consistent */
async function objects(
  client: S3Client,
  wanted: Listed & { readonly StartAfter: string | undefined; readonly ContinuationToken?: string },
): Promise<Page<SourceFile>> {
  const answer = await ask(wanted, (signal) => client.send(new ListObjectsV2Command(wanted), signal));
  const { Contents = [], IsTruncated, KeyCount, NextContinuationToken: token } = answer;
  if (KeyCount !== Contents.length || (IsTruncated && token === undefined)) throw new NoListingError();
  return {
    items: Contents.map(toFile),
    ...(token !== undefined && { next: () => objects(client, { ...wanted, ContinuationToken: token }) }),
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
async function versions(
  client: S3Client,
  wanted: Listed & { readonly KeyMarker: string | undefined; readonly VersionIdMarker?: string | undefined },
): Promise<Page<SourceVersion>> {
  const answer = await ask(wanted, (signal) => client.send(new ListObjectVersionsCommand(wanted), signal));
  const { DeleteMarkers = [], IsTruncated, NextKeyMarker, NextVersionIdMarker, Versions = [] } = answer;
  if (IsTruncated === undefined || (IsTruncated && NextKeyMarker === undefined)) throw new NoListingError();
  const items = [
    ...Versions.map((version) => ({ ...toVersion(version), isDeleteMarker: false })),
    ...DeleteMarkers.map((marker) => ({ ...toVersion(marker), isDeleteMarker: true })),
  ].sort((a, b) => compareKeys(a.key, b.key) || Number(b.isLatest) - Number(a.isLatest));
  const after = { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker };
  return { items, ...(IsTruncated && { next: () => versions(client, { ...wanted, ...after }) }) };
}

/** An answer that is not a listing, or only a part of one. It must not pass for an empty bucket. */
class NoListingError extends SourceError {
  constructor() {
    super('the answer of S3 is not a whole listing');
  }
}

async function ask<T>(
  { Bucket }: Listed,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await send({ abortSignal: AbortSignal.timeout(REQUEST_MS) });
  } catch (error) {
    throw new SourceError(`s3://${Bucket} cannot be listed (${sdkErrorCode(error)})`);
  }
}

function toFile({ Key, LastModified }: S3Object | ObjectVersion | DeleteMarkerEntry) {
  if (Key === undefined || LastModified === undefined) throw new NoListingError();
  return { key: Key, storedAt: LastModified.getTime() };
}

/** A bucket without versions names them all `null`. */
function toVersion(version: ObjectVersion | DeleteMarkerEntry) {
  const { IsLatest, VersionId } = version;
  if (VersionId === undefined || IsLatest === undefined) throw new NoListingError();
  return { ...toFile(version), isLatest: IsLatest, ...(VersionId !== 'null' && { versionId: VersionId }) };
}
