import { awsEnvironment, bucketUrl, secretsManagerUrl } from '../aws-environment.ts';
import { openEarly } from '../http.ts';

// Imported first, so that the connections are on their way while the rest of a cold start is loaded. Whether the
// settings are right is for lib/config.ts to say; without them nothing is opened.
const { ADMIN_TOKEN_SECRET_ID, AUDIT_BUCKET, DEVIN_API_URL } = process.env;
if (ADMIN_TOKEN_SECRET_ID && AUDIT_BUCKET) {
  const aws = awsEnvironment(process.env);
  openEarly(secretsManagerUrl(aws));
  openEarly(DEVIN_API_URL || 'https://api.devin.ai');
  openEarly(bucketUrl(aws, AUDIT_BUCKET));
}
