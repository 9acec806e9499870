import { awsEnvironment, bucketUrl, secretsManagerUrl } from '../aws-environment.ts';
import { openEarly } from '../http.ts';

// Imported first, so that the connections are on their way while the rest of a cold start is loaded. Whether the
// settings are right is for lib/config.ts to say.
const { AUDIT_BUCKET, DEVIN_API_URL } = process.env;
const aws = awsEnvironment(process.env);
openEarly(secretsManagerUrl(aws));
openEarly(DEVIN_API_URL || 'https://api.devin.ai');
if (AUDIT_BUCKET) openEarly(bucketUrl(aws, AUDIT_BUCKET));
