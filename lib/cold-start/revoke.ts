import { awsEnvironment, bucketUrl } from '../aws/environment.ts';
import { preconnect } from '../platform/preconnect.ts';
import { earlySecret, noEarlySecret } from './early-secret.ts';

/** The admin token, asked for as soon as the container starts. */
export const early = start();

// lib/platform/config.ts validates the settings; without them nothing is sent.
function start() {
  const { ADMIN_TOKEN_SECRET_ID: id, AUDIT_BUCKET, DEVIN_API_URL } = process.env;
  if (!id || !AUDIT_BUCKET) return noEarlySecret;
  const aws = awsEnvironment(process.env);
  const secret = earlySecret(aws, { id, stage: 'AWSCURRENT' });
  preconnect(DEVIN_API_URL || 'https://api.devin.ai');
  preconnect(bucketUrl(aws, AUDIT_BUCKET));
  return secret;
}
