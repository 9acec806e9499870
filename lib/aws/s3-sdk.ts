import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
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
  pages(keys: ListedKeys, deadline: number): AsyncGenerator<StoredObject[]>;
  /** The first key, if there is one; otherwise as `all`. */
  first(keys: ListedKeys, deadline: number): Promise<string | undefined>;
}

/** One version of an object, or a delete marker, which has no content. */
export interface ObjectVersion extends StoredObject {
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
}

/** The versions of a bucket. Its calls throw the client's own errors. Deadlines are epoch milliseconds. */
export interface VersionListing {
  /** Pages in the order of the keys, the newest version of a key first. A key may continue on the next page. */
  pages(keys: ListedKeys, deadline: number): AsyncGenerator<ObjectVersion[]>;
  /** The names under a prefix up to the next slash, that slash included, in order. */
  folders(prefix: string, deadline: number): Promise<string[]>;
  /** SHA-256 of a version's bytes, in hexadecimal. */
  hash(version: ObjectVersion, deadline: number): Promise<string>;
}

function s3Client(aws: AwsEnvironment): S3Client {
  return new S3Client({
    ...sdkOptions(aws, 'S3', { attempts: 6, timeoutMs: 5_000 }),
    forcePathStyle: aws.endpoint('S3') !== undefined,
  });
}

export function clientVersions(aws: AwsEnvironment, bucket: string): VersionListing {
  const client = s3Client(aws);
  return {
    async *pages({ prefix, startAfter }, deadline) {
      let from: { KeyMarker?: string; VersionIdMarker?: string } = startAfter
        ? { KeyMarker: startAfter }
        : {};
      for (;;) {
        const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...from });
        const page = await client.send(command, abortAt(deadline));
        yield versionsOf(page);
        if (!page.IsTruncated) return;
        const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
        if (KeyMarker === undefined) throw new IncompleteListingError();
        from = { KeyMarker, ...(VersionIdMarker !== undefined && { VersionIdMarker }) };
      }
    },
    async folders(prefix, deadline) {
      const input = { Bucket: bucket, Prefix: prefix, Delimiter: '/' };
      const found: string[] = [];
      for await (const page of paginateListObjectsV2({ client }, input, abortAt(deadline))) {
        found.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
        if (page.IsTruncated && !page.NextContinuationToken) throw new IncompleteListingError();
      }
      return found;
    },
    async hash({ key, versionId }, deadline) {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId });
      const { Body } = await client.send(command, abortAt(deadline));
      if (Body === undefined) throw new TypeError('the answer is incomplete');
      const hash = createHash('sha256');
      // As a stream: it may be larger than the memory.
      await Body.transformToWebStream().pipeTo(
        new WritableStream({ write: (chunk) => void hash.update(chunk) }),
      );
      return hash.digest('hex');
    },
  };
}

export function clientListing(aws: AwsEnvironment, bucket: string): ObjectListing {
  const client = s3Client(aws);
  return {
    async *pages({ prefix, startAfter }, deadline) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter };
      for await (const page of paginateListObjectsV2({ client }, input, abortAt(deadline))) {
        yield objectsOf(page);
        if (page.IsTruncated && !page.NextContinuationToken) throw new IncompleteListingError();
      }
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

/** S3 lists versions and delete markers apart. */
function versionsOf({
  DeleteMarkers = [],
  Name,
  Versions = [],
}: ListObjectVersionsCommandOutput): ObjectVersion[] {
  // An answer that is not a listing must not pass for an empty one.
  if (Name === undefined) throw new IncompleteListingError();
  const all = [
    ...Versions.map((version) => ({ ...version, isDeleteMarker: false })),
    ...DeleteMarkers.map((marker) => ({ ...marker, Size: 0, isDeleteMarker: true })),
  ];
  return all
    .map(({ isDeleteMarker, Key, LastModified, Size, VersionId }) => {
      if (!Key || LastModified === undefined || Size === undefined || VersionId === undefined) {
        throw new IncompleteListingError();
      }
      return { key: Key, size: Size, storedAt: LastModified.getTime(), versionId: VersionId, isDeleteMarker };
    })
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || b.storedAt - a.storedAt);
}
