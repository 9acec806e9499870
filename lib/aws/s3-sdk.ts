import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { AwsEnvironment } from './environment.ts';
import type { ObjectListing, StoredObject } from './list-objects.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/**
 * The listings of a bucket, by the SDK's client and its paginator.
 *
 * @throws the client's own errors, and {@link IncompleteListingError}
 */
export function clientListing(aws: AwsEnvironment, bucket: string): ObjectListing {
  const client = new S3Client({
    ...sdkOptions(aws, 'S3', { attempts: 6, timeoutMs: 5_000 }),
    forcePathStyle: aws.endpoint('S3') !== undefined,
  });
  return {
    async all({ prefix, startAfter }, { deadline }) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter };
      const found: StoredObject[] = [];
      const pages = paginateListObjectsV2({ client }, input, abortAt(deadline));
      for await (const page of pages) {
        found.push(...objectsOf(page));
        if (page.IsTruncated && !page.NextContinuationToken) throw new IncompleteListingError();
      }
      return found;
    },
    async first({ prefix, startAfter }, { deadline }) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter, MaxKeys: 1 };
      const page = await client.send(new ListObjectsV2Command(input), abortAt(deadline));
      return objectsOf(page)[0]?.key;
    },
  };
}

/** An answer that is no listing, or only a part of one; "nothing is there" must not follow from it. */
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
