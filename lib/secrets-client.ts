import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsEnvironment, Sha256 } from './aws.ts';
import { sdkTransport } from './aws-transport.ts';

export function secretsClient(
  aws: AwsEnvironment,
): (id: string, stage: string) => Promise<string | undefined> {
  const endpoint = aws.endpoint('SECRETS_MANAGER');
  const client = new SecretsManagerClient({
    region: aws.region,
    credentials: aws.credentials,
    maxAttempts: 4,
    retryMode: 'standard',
    defaultsMode: 'standard',
    requestHandler: sdkTransport(5_000),
    sha256: Sha256,
    // Settings that are given are not looked for in files; Lambda has none, and looking costs a cold start.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultUserAgentProvider: async () => [['devin-key-revoker']],
    ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
  });
  return async (id, stage) =>
    (await client.send(new GetSecretValueCommand({ SecretId: id, VersionStage: stage }))).SecretString;
}
