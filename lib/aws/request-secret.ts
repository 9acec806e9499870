import { type AwsAnswer, callAws, jsonRequest } from './call-aws.ts';
import { type AwsEnvironment, secretsManagerUrl } from './environment.ts';

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. */
export interface SecretVersion {
  readonly id: string;
  readonly stage: Stage;
}

/**
 * One attempt at reading a secret, signed with AWS's signer and held to the SDK's own request by a test. Loading the
 * SDK's client takes as long as the request itself; it is left to the attempts that need its judgement.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 *
 * @param onSent called once the request is on the wire
 */
export function requestSecret(
  aws: AwsEnvironment,
  { id, stage }: SecretVersion,
  timeoutMs: number,
  onSent?: () => void,
): Promise<AwsAnswer> {
  const request = {
    service: 'secretsmanager',
    url: secretsManagerUrl(aws),
    ...jsonRequest('1.1', 'secretsmanager.GetSecretValue', { SecretId: id, VersionStage: stage }),
    ...(onSent && { onSent }),
  } as const;
  return callAws(aws, request, { deadline: Date.now() + timeoutMs, attempts: 1, timeoutMs });
}
