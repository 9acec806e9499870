import { HttpFailure, type HttpResponse, send } from '../platform/http.ts';
import { secretsManagerUrl } from './environment.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. */
export interface SecretVersion {
  readonly id: string;
  readonly stage: Stage;
}

/** What came back, if anything did. */
export type SecretAnswer = HttpResponse | HttpFailure;

/**
 * One attempt at reading a secret, signed with AWS's signer and held to the SDK's own request by a test. Loading the
 * SDK's client takes as long as the request itself; it is left to the attempts that need its judgement.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 *
 * @param onSent called once the request is on the wire
 */
export async function requestSecret(
  aws: AwsEnvironment,
  { id, stage }: SecretVersion,
  timeoutMs: number,
  onSent?: () => void,
): Promise<SecretAnswer> {
  const url = URL.parse(secretsManagerUrl(aws));
  if (url === null) return new HttpFailure('no_url');
  const request = await signed(aws, 'secretsmanager', {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    },
    body: JSON.stringify({ SecretId: id, VersionStage: stage }),
  });
  try {
    return await send({ ...request, timeoutMs, ...(onSent && { onSent }) });
  } catch (error) {
    if (error instanceof HttpFailure) return error;
    throw error;
  }
}
