import type { AwsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

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

/** Epoch milliseconds after which the listing is given up. */
interface Within {
  readonly deadline: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, which is strongly consistent */
export interface ObjectListing {
  all(keys: ListedKeys, within: Within): Promise<StoredObject[]>;
  first(keys: ListedKeys, within: Within): Promise<string | undefined>;
}

/** The bucket could not be listed, or not to its end. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly code = 'audit_list';
}

/** Lists the objects with a prefix, in the order of their keys. @throws {ListError} */
export type ListObjects = (
  prefix: string,
  options: Within & { readonly startAfter?: string },
) => Promise<StoredObject[]>;

/** The first name under a prefix, after `startAfter`. */
export type FirstName = (
  keys: ListedKeys,
  within: Within,
) => Promise<{ ok: true; name: string | undefined } | { ok: false; reason: string }>;

export function s3List(aws: AwsEnvironment, bucket: string): ListObjects {
  const listing = loadedOnce(aws, bucket);
  return async (prefix, { deadline, startAfter }) => {
    const { all } = await listing();
    try {
      return await all({ prefix, startAfter }, { deadline });
    } catch (error) {
      throw new ListError(`the audit bucket is not listed: ${sdkErrorCode(error)}`);
    }
  };
}

export function s3FirstName(aws: AwsEnvironment, bucket: string): FirstName {
  const listing = loadedOnce(aws, bucket);
  return async (keys, within) => {
    try {
      const { first } = await listing();
      return { ok: true, name: await first(keys, within) };
    } catch (error) {
      return { ok: false, reason: sdkErrorCode(error) };
    }
  };
}

/** The SDK is loaded by the first listing: a revocation without a SIEM and without a sweep needs none. */
function loadedOnce(aws: AwsEnvironment, bucket: string): () => Promise<ObjectListing> {
  let listing: Promise<ObjectListing> | undefined;
  return () => {
    listing ??= import('./s3-sdk.ts').then(({ clientListing }) => clientListing(aws, bucket));
    return listing;
  };
}
