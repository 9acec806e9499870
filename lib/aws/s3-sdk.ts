import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** An object of the audit bucket. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds, by S3's own clock, to the second. */
  readonly storedAt: number;
}

/** Keys with this prefix that sort after `startAfter`, in byte order. */
export interface ListedKeys {
  readonly prefix: string;
  readonly startAfter?: string | undefined;
}

/** The listings of a bucket, by the SDK's client and its paginator. */
export interface ObjectListing {
  /** @param deadline epoch milliseconds @throws the client's own errors, or {@link IncompleteListingError} */
  all(keys: ListedKeys, deadline: number): Promise<StoredObject[]>;
  /** The first key, if there is one; otherwise as `all`. */
  first(keys: ListedKeys, deadline: number): Promise<string | undefined>;
}

export function clientListing(aws: AwsEnvironment, bucket: string): ObjectListing {
  const client = new S3Client({
    ...sdkOptions(aws, 'S3', { attempts: 6, timeoutMs: 5_000 }),
    forcePathStyle: aws.endpoint('S3') !== undefined,
  });
  return {
    async all({ prefix, startAfter }, deadline) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter };
      const found: StoredObject[] = [];
      for await (const page of paginateListObjectsV2({ client }, input, abortAt(deadline))) {
        found.push(...objectsOf(page));
        if (page.IsTruncated && !page.NextContinuationToken) throw new IncompleteListingError();
      }
      return found;
    },
    async first({ prefix, startAfter }, deadline) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter, MaxKeys: 1 };
      const page = await client.send(new ListObjectsV2Command(input), abortAt(deadline));
      return objectsOf(page)[0]?.key;
    },
  };
}

/** An answer that is not a listing, or only a part of one. It must not pass for an empty bucket. */
class IncompleteListingError extends Error {
  override readonly name = 'IncompleteListingError';
}

function objectsOf({ Contents = [], KeyCount }: ListObjectsV2CommandOutput): StoredObject[] {
  if (KeyCount !== Contents.length) throw new IncompleteListingError();
  return Contents.map(({ Key, LastModified, Size }) => {
    if (Key === undefined || LastModified === undefined || Size === undefined)
      throw new IncompleteListingError();
    return { key: Key, size: Size, storedAt: LastModified.getTime() };
  });
}
