import { awsEnvironment, bucketUrl } from '../aws/environment.ts';
import { requestEarly } from '../aws/request-secret.ts';
import { preconnect } from '../platform/preconnect.ts';

/** Resolves once the request for the admin token is on the wire, or has failed. */
export const sent = start();

// Whether the settings are right is for lib/platform/config.ts to say; without them nothing is sent.
async function start(): Promise<void> {
  const { ADMIN_TOKEN_SECRET_ID: id, AUDIT_BUCKET, DEVIN_API_URL } = process.env;
  if (!id || !AUDIT_BUCKET) return;
  const aws = awsEnvironment(process.env);
  const sending = requestEarly(aws, { id, stage: 'AWSCURRENT' });
  preconnect(DEVIN_API_URL || 'https://api.devin.ai');
  preconnect(bucketUrl(aws, AUDIT_BUCKET));
  await sending;
}
