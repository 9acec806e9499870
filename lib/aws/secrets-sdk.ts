import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsEnvironment } from './environment.ts';
import type { SecretVersion } from './request-secret.ts';

/**
 * Reads a version of a secret with the AWS SDK's client, which knows what to try again, how long to wait, and what to
 * make of a skewed clock.
 *
 * @returns `undefined` when the secret holds no text
 * @throws the client's own errors, named as AWS names them
 */
export async function readWithClient(
  aws: AwsEnvironment,
  { id, stage }: SecretVersion,
  { withinMs, maxAttempts }: { withinMs: number; maxAttempts: number },
): Promise<string | undefined> {
  const endpoint = aws.endpoint('SECRETS_MANAGER');
  const client = new SecretsManagerClient({
    region: aws.region,
    credentials: aws.credentials,
    maxAttempts,
    requestHandler: { connectionTimeout: 2_500, requestTimeout: 2_500, throwOnRequestTimeout: true },
    ...(endpoint !== undefined && { endpoint }),
  });
  try {
    const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
    const answer = await client.send(command, { abortSignal: AbortSignal.timeout(withinMs) });
    return answer.SecretString;
  } finally {
    client.destroy();
  }
}
