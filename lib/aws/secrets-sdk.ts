import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsEnvironment } from './environment.ts';
import type { SecretVersion } from './request-secret.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/**
 * Reads a version of a secret with the AWS SDK's client, which knows what to retry, how long to wait, and how to correct
 * a skewed clock.
 *
 * @returns `undefined` when the secret holds no text
 * @throws the client's own errors, named as AWS names them
 */
export async function readWithClient(
  aws: AwsEnvironment,
  { id, stage }: SecretVersion,
  { withinMs, maxAttempts }: { withinMs: number; maxAttempts: number },
): Promise<string | undefined> {
  const options = sdkOptions(aws, 'SECRETS_MANAGER', { attempts: maxAttempts, timeoutMs: 2_500 });
  const client = new SecretsManagerClient(options);
  try {
    const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
    const answer = await client.send(command, abortAt(Date.now() + withinMs));
    return answer.SecretString;
  } finally {
    client.destroy();
  }
}
