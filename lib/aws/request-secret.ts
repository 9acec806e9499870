import { preconnect } from '../platform/preconnect.ts';
import { type AwsAnswer, callAws, jsonRequest } from './call-aws.ts';
import { type AwsEnvironment, secretsManagerUrl } from './environment.ts';

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. */
export interface SecretVersion {
  readonly id: string;
  readonly stage: Stage;
}

/** By version: requests that were sent before anybody asked for their answer. */
const early = new Map<string, Promise<AwsAnswer>>();

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
): Promise<AwsAnswer> {
  const name = nameOf(version);
  const sent = early.get(name);
  early.delete(name);
  return sent ?? ask(aws, version, timeoutMs);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
function ask(
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

function nameOf({ id, stage }: SecretVersion): string {
  return `${stage} ${id}`;
}
