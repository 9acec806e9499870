import type { AwsEnvironment } from './environment.ts';
import { ListError } from './list-objects.ts';
import type { VersionListing } from './s3-sdk.ts';
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
    hash: (version, deadline) => call('is not read', async () => (await client()).hash(version, deadline)),
  };
}

async function call<T>(what: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw new ListError(`the audit bucket ${what}: ${sdkErrorCode(error)}`);
  }
}
