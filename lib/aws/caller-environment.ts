import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsEnvironment, awsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

/** The caller has no AWS credentials, or no region. */
export class CallerError extends Error {
  override readonly name = 'CallerError';
}

/**
 * Where and as whom a person calls AWS: by the default chain of the SDK, so a profile, single sign-on and the environment all
 * work. For commands; a function has its credentials in the environment.
 *
 * @throws {CallerError}
 */
export async function callerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsEnvironment> {
  const client = new SecretsManagerClient({});
  try {
    const [region, credentials] = await Promise.all([client.config.region(), client.config.credentials()]);
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    return {
      ...awsEnvironment(env),
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    };
  } catch (error) {
    throw new CallerError(`no AWS credentials or region for this call (${sdkErrorCode(error)})`);
  } finally {
    client.destroy();
  }
}
