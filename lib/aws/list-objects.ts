import type { AwsEnvironment } from './environment.ts';
import type { ListedKeys, ObjectListing, StoredObject } from './s3-sdk.ts';
import { sdkErrorCode } from './sdk-options.ts';

export type { StoredObject } from './s3-sdk.ts';

/** The bucket could not be listed, or not to its end. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly code = 'audit_list';
}

/**
 * Lists the objects with a prefix, in the order of their keys.
 *
 * @param options.deadline epoch milliseconds
 * @throws {ListError}
 */
export type ListObjects = (
  prefix: string,
  options: { readonly deadline: number; readonly startAfter?: string },
) => Promise<StoredObject[]>;

/** As `ListObjects`, by pages of at most a thousand, so that no more is in memory. */
export type ListPages = (
  prefix: string,
  options: { readonly deadline: number; readonly startAfter?: string },
) => AsyncGenerator<StoredObject[], void>;

/** The first key with a prefix, after `startAfter`. @param options.deadline epoch milliseconds */
export type FirstName = (
  keys: ListedKeys,
  options: { readonly deadline: number },
) => Promise<{ ok: true; name: string | undefined } | { ok: false; reason: string }>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, which is strongly consistent */
export function s3List(aws: AwsEnvironment, bucket: string): ListObjects {
  const pages = s3Pages(aws, bucket);
  return async (prefix, options) => {
    const found: StoredObject[] = [];
    for await (const page of pages(prefix, options)) for (const object of page) found.push(object);
    return found;
  };
}

export function s3Pages(aws: AwsEnvironment, bucket: string): ListPages {
  const listing = loadedOnce(aws, bucket);
  return async function* (prefix, { deadline, startAfter }) {
    try {
      yield* (await listing()).pages({ prefix, startAfter }, deadline);
    } catch (error) {
      throw new ListError(`the audit bucket is not listed: ${sdkErrorCode(error)}`);
    }
  };
}

export function s3FirstName(aws: AwsEnvironment, bucket: string): FirstName {
  const listing = loadedOnce(aws, bucket);
  return async (keys, { deadline }) => {
    try {
      const { first } = await listing();
      return { ok: true, name: await first(keys, deadline) };
    } catch (error) {
      return { ok: false, reason: sdkErrorCode(error) };
    }
  };
}

/** The first listing loads the SDK: a revocation with neither a sweep nor a redelivery to a SIEM needs none. */
function loadedOnce(aws: AwsEnvironment, bucket: string): () => Promise<ObjectListing> {
  let listing: Promise<ObjectListing> | undefined;
  return () => {
    listing ??= import('./s3-sdk.ts').then(({ clientListing }) => clientListing(aws, bucket));
    return listing;
  };
}
