import type { AwsAnswer } from '../aws/call-aws.ts';
import { type AwsEnvironment, secretsManagerUrl } from '../aws/environment.ts';
import { requestSecret, type SecretVersion } from '../aws/request-secret.ts';
import { preconnect } from '../platform/preconnect.ts';

/** A secret that was asked for before anybody needed it. */
export interface EarlySecret {
  /** Resolves once the request is on the wire, or has failed. */
  readonly sent: Promise<void>;
  /**
   * The answer, for the first reader of this version alone: the secret may have been rotated by the time of a second
   * read. A failure shows in it too.
   */
  take(version: SecretVersion): Promise<AwsAnswer> | undefined;
}

/** Nothing was asked for, as the settings are incomplete. */
export const noEarlySecret: EarlySecret = { sent: Promise.resolve(), take: () => undefined };

/** Sends the request for a secret that the first invocation will need, while the rest of a cold start is loaded. */
export function earlySecret(aws: AwsEnvironment, early: SecretVersion, timeoutMs = 2_500): EarlySecret {
  preconnect(secretsManagerUrl(aws));
  let answer: Promise<AwsAnswer> | undefined;
  const sent = new Promise<void>((resolve) => {
    answer = requestSecret(aws, early, timeoutMs, resolve);
    answer.then(
      () => resolve(),
      () => resolve(),
    );
  });
  return {
    sent,
    take({ id, stage }) {
      if (id !== early.id || stage !== early.stage) return undefined;
      const taken = answer;
      answer = undefined;
      return taken;
    },
  };
}
