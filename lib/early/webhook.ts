import { awsEnvironment, secretsManagerUrl } from '../aws-environment.ts';
import { openEarly } from '../http.ts';

// Imported first, as lib/early/revoke.ts is.
const { LEAK_QUEUE_URL, WEBHOOK_SECRET_ID } = process.env;
if (LEAK_QUEUE_URL && WEBHOOK_SECRET_ID) {
  const aws = awsEnvironment(process.env);
  // Two: the current and the previous secret are read at the same time.
  openEarly(secretsManagerUrl(aws), 2);
  openEarly(aws.endpoint('SQS') ?? LEAK_QUEUE_URL);
}
