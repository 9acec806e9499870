import { awsEnvironment, bucketUrl } from '../aws-environment.ts';
import { openEarly } from '../http.ts';
import { requestEarly } from '../request-secret.ts';

/** Resolves once the request for the admin token is on the wire, or has failed. */
export const sent = start();

// Whether the settings are right is for lib/config.ts to say; without them nothing is sent.
async function start(): Promise<void> {
  const { ADMIN_TOKEN_SECRET_ID: id, AUDIT_BUCKET, DEVIN_API_URL } = process.env;
  if (!id || !AUDIT_BUCKET) return;
  const aws = awsEnvironment(process.env);
  const sending = requestEarly(aws, { id, stage: 'AWSCURRENT' });
  openEarly(DEVIN_API_URL || 'https://api.devin.ai');
  openEarly(bucketUrl(aws, AUDIT_BUCKET));
  await sending;
}
