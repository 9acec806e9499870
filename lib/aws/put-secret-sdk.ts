import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkErrorCode, sdkOptions } from './sdk-options.ts';
import { SecretError } from './secrets.ts';

/** Stores a new version of a secret. The one until now stays as AWSPREVIOUS. @throws {SecretError} */
export type StoreSecret = (id: string, value: string, deadline: number) => Promise<void>;

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
export function secretWriter(aws: AwsEnvironment): StoreSecret {
  return async (id, value, deadline) => {
    const client = new SecretsManagerClient(
      sdkOptions(aws, 'SECRETS_MANAGER', { attempts: 4, timeoutMs: 5_000 }),
    );
    try {
      // The SDK sends a token with it, so that a retry does not store a second version.
      await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }), abortAt(deadline));
    } catch (error) {
      const code = sdkErrorCode(error);
      throw new SecretError(id, code, `cannot be stored (${code})`);
    } finally {
      client.destroy();
    }
  };
}
