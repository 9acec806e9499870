import { awsEnvironment } from '../aws/environment.ts';
import { earlySecret, noEarlySecret } from './early-secret.ts';

/** The webhook secret, asked for as soon as the container starts. */
export const early = start();

// lib/platform/config.ts validates the settings; without them nothing is sent.
function start() {
  const { LEAK_QUEUE_URL, WEBHOOK_SECRET_ID: id } = process.env;
  if (!LEAK_QUEUE_URL || !id) return noEarlySecret;
  return earlySecret(awsEnvironment(process.env), { id, stage: 'AWSCURRENT' });
}
