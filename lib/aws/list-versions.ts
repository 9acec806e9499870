import { createHash } from 'node:crypto';
import { callAws } from './call-aws.ts';
import { encodePath } from './conditional-objects.ts';
import { type AwsEnvironment, bucketUrl } from './environment.ts';
import { ListError } from './list-objects.ts';
import type { ObjectVersion, VersionListing } from './s3-sdk.ts';
import { sdkErrorCode } from './sdk-options.ts';

export type { ObjectVersion, VersionListing } from './s3-sdk.ts';

/**
 * The versions of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 * Its calls throw {@link ListError}.
 */
export function s3Versions(aws: AwsEnvironment, bucket: string): VersionListing {
  let loaded: Promise<VersionListing> | undefined;
  const client = () => {
    loaded ??= import('./s3-sdk.ts').then(({ clientVersions }) => clientVersions(aws, bucket));
    return loaded;
  };
  return {
    async *pages(keys, deadline) {
      try {
        yield* (await client()).pages(keys, deadline);
      } catch (error) {
        throw new ListError(`the audit bucket is not listed: ${sdkErrorCode(error)}`);
      }
    },
    folders: (prefix, deadline) =>
      call('is not listed', async () => (await client()).folders(prefix, deadline)),
    // A million a day are read: the client takes three times as much processor time for each.
    hash: (version, deadline) =>
      version.size <= MAX_WHOLE_BYTES
        ? hashWhole(aws, bucket, version, deadline)
        : call('is not read', async () => (await client()).hash(version, deadline)),
  };
}

/** What is larger is read as a stream. Nothing of this project is. */
const MAX_WHOLE_BYTES = 4 * 1024 * 1024;

async function hashWhole(
  aws: AwsEnvironment,
  bucket: string,
  { key, versionId }: Pick<ObjectVersion, 'key' | 'versionId'>,
  deadline: number,
): Promise<string> {
  const url = `${bucketUrl(aws, bucket)}/${encodePath(key)}?versionId=${encodeURIComponent(versionId)}`;
  const request = { service: 's3', method: 'GET', url, encoding: 'latin1' } as const;
  const { body, code, status } = await callAws(aws, request, { deadline, attempts: 8 });
  if (status !== 200) throw new ListError(`the audit bucket is not read: ${code}`);
  return createHash('sha256').update(body, 'latin1').digest('hex');
}

async function call<T>(what: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw new ListError(`the audit bucket ${what}: ${sdkErrorCode(error)}`);
  }
}
