import type { AwsEnvironment } from './environment.ts';
import type { SecretName } from './list-secrets-sdk.ts';
import { sdkErrorCode } from './sdk-options.ts';

export type { SecretName } from './list-secrets-sdk.ts';

/** The secrets could not be listed. */
export class SecretListError extends Error {
  override readonly name = 'SecretListError';
  /** The AWS error name, such as `AccessDeniedException`, or the system's code. */
  readonly code: string;

  constructor(code: string) {
    super(`the secrets are not listed (${code})`);
    this.code = code;
  }
}

/** The secrets that carry a tag. @param deadline epoch milliseconds @throws {SecretListError} */
export async function taggedSecrets(
  aws: AwsEnvironment,
  tag: string,
  deadline: number,
): Promise<SecretName[]> {
  try {
    const { listWithClient } = await import('./list-secrets-sdk.ts');
    return await listWithClient(aws, tag, deadline);
  } catch (error) {
    throw new SecretListError(sdkErrorCode(error));
  }
}
