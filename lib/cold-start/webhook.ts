import { awsEnvironment, secretsManagerUrl } from '../aws/environment.ts';
import { preconnect } from '../platform/preconnect.ts';
import { type EarlySecret, earlySecret, noEarlySecret } from './early-secret.ts';

/** The webhook's secret, which is asked for as soon as there is a request that needs it. */
export const early = start();

// lib/platform/config.ts validates the settings; without them nothing is sent.
function start() {
  const { LEAK_QUEUE_URL, WEBHOOK_SECRET_ID: id } = process.env;
  const isComplete = LEAK_QUEUE_URL !== undefined && LEAK_QUEUE_URL !== '' && id !== undefined && id !== '';
  const aws = awsEnvironment(process.env);
  // The handshake takes longer than it takes the first request to come.
  if (isComplete) preconnect(secretsManagerUrl(aws));
  let secret: EarlySecret | undefined;
  return {
    /** Asks for it, the first time. Resolves once the request is on the wire, or has failed. */
    ask(): Promise<void> {
      secret ??= isComplete ? earlySecret(aws, { id, stage: 'AWSCURRENT' }) : noEarlySecret;
      return secret.sent;
    },
    take: (version: Parameters<EarlySecret['take']>[0]) => secret?.take(version),
  };
}
