import { HttpFailure, type HttpResponse, send } from '../platform/http.ts';
import { preconnect } from '../platform/preconnect.ts';
import { secretsManagerUrl } from './environment.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. */
export interface SecretVersion {
  readonly id: string;
  readonly stage: Stage;
}

/** What came back, if anything did. */
type Answer = HttpResponse | HttpFailure;

/** By version: requests that were sent before anybody asked for their answer. */
const early = new Map<string, Promise<Answer>>();

/**
 * Sends the request for a secret that the first invocation will need, while the rest of a cold start is loaded. Its
 * answer waits for `requestSecret`. A failure shows there too.
 *
 * @returns once the request is on the wire, or has failed
 */
export function requestEarly(aws: AwsEnvironment, version: SecretVersion, timeoutMs = 2_500): Promise<void> {
  preconnect(secretsManagerUrl(aws));
  return new Promise((resolve) => {
    const answer = ask(aws, version, timeoutMs, resolve);
    early.set(nameOf(version), answer);
    answer.then(
      () => resolve(),
      () => resolve(),
    );
  });
}

/**
 * One attempt at reading a secret, signed with AWS's signer and held to the SDK's own request by a test. Loading the
 * SDK's client takes a cold start as long as the request itself; it is left to the attempts that need its judgement.
 */
export function requestSecret(
  aws: AwsEnvironment,
  version: SecretVersion,
  timeoutMs: number,
): Promise<Answer> {
  const name = nameOf(version);
  const sent = early.get(name);
  early.delete(name);
  return sent ?? ask(aws, version, timeoutMs);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
async function ask(
  aws: AwsEnvironment,
  { id, stage }: SecretVersion,
  timeoutMs: number,
  onSent?: () => void,
): Promise<Answer> {
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

function nameOf({ id, stage }: SecretVersion): string {
  return `${stage} ${id}`;
}
