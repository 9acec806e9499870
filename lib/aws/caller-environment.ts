import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsEnvironment, awsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

/** The caller has no AWS credentials, or no region. Its message says which, and what to do. */
export class CallerError extends Error {
  override readonly name = 'CallerError';
}

/**
 * Where and as whom a person calls AWS: by the environment, else by the default chain of the SDK, so a profile and single
 * sign-on work too. For commands; a function has its credentials in the environment.
 *
 * @throws {CallerError}
 */
export async function callerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsEnvironment> {
  if (isComplete(env)) return awsEnvironment(env);
  const { config, destroy } = chain();
  try {
    const region = await config.region().catch((error: unknown) => {
      const set = 'set AWS_REGION, such as eu-central-1, or a region in the profile';
      throw new CallerError(`no AWS region: ${set} (${sdkErrorCode(error)})`);
    });
    const { accessKeyId, secretAccessKey, sessionToken } = await config
      .credentials()
      .catch((error: unknown) => {
        const set = 'set AWS_PROFILE, sign in with "aws sso login", or set AWS_ACCESS_KEY_ID';
        throw new CallerError(`no AWS credentials: ${set} (${sdkErrorCode(error)})`);
      });
    return {
      ...awsEnvironment({ ...env, AWS_REGION: region }),
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    };
  } finally {
    destroy();
  }
}

/** A profile that is named comes before the keys of the environment, as in the SDK. */
function isComplete(env: Readonly<Record<string, string | undefined>>): boolean {
  const { AWS_ACCESS_KEY_ID, AWS_DEFAULT_REGION, AWS_PROFILE, AWS_REGION, AWS_SECRET_ACCESS_KEY } = env;
  const hasRegion = Boolean(AWS_REGION || AWS_DEFAULT_REGION);
  return hasRegion && Boolean(AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) && !AWS_PROFILE;
}

/** Any client has the chain. */
function chain() {
  const client = new SecretsManagerClient({});
  return { config: client.config, destroy: () => client.destroy() };
}
