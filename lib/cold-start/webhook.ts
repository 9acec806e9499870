import { awsEnvironment } from '../aws/environment.ts';
import { requestEarly } from '../aws/request-secret.ts';

/** Resolves once the request for the secret is on the wire, or has failed. */
export const sent = start();

// Whether the settings are right is for lib/platform/config.ts to say; without them nothing is sent.
async function start(): Promise<void> {
  const { LEAK_QUEUE_URL, WEBHOOK_SECRET_ID: id } = process.env;
  if (!LEAK_QUEUE_URL || !id) return;
  await requestEarly(awsEnvironment(process.env), { id, stage: 'AWSCURRENT' });
}
