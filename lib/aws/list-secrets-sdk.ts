import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** A secret's name and ARN. Its value is read with the ARN. */
export interface SecretName {
  readonly name: string;
  readonly arn: string;
}

/**
 * The secrets that carry a tag, with the SDK's client and its paginator.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
 *
 * @param deadline epoch milliseconds @throws the client's own errors
 */
export async function listWithClient(
  aws: AwsEnvironment,
  tag: string,
  deadline: number,
): Promise<SecretName[]> {
  const client = new SecretsManagerClient(
    sdkOptions(aws, 'SECRETS_MANAGER', { attempts: 6, timeoutMs: 5_000 }),
  );
  try {
    const found: SecretName[] = [];
    const pages = paginateListSecrets(
      { client },
      { Filters: [{ Key: 'tag-key', Values: [tag] }] },
      abortAt(deadline),
    );
    for await (const { SecretList = [] } of pages) {
      // The filter takes the beginning of a tag's key.
      const tagged = SecretList.filter(({ Tags = [] }) => Tags.some(({ Key }) => Key === tag));
      for (const { ARN, Name } of tagged) if (ARN && Name) found.push({ arn: ARN, name: Name });
    }
    return found;
  } finally {
    client.destroy();
  }
}
