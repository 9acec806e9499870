import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { DigestConfig } from '../lib/audit/config.ts';
import { headPublisher } from '../lib/audit/digest/publish-head.ts';
import { type Digested, writeDigests } from '../lib/audit/digest/write-digests.ts';
import { siemForward } from '../lib/audit/forward-to-siem.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { kmsKey } from '../lib/aws/kms.ts';
import { s3Versions } from '../lib/aws/list-versions.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { snsNotify } from '../lib/aws/sns.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { parseConfig } from '../lib/platform/config.ts';
import { count } from '../lib/platform/metrics.ts';

async function handle(_event: unknown, context: Context): Promise<Digested> {
  const config = parseConfig(DigestConfig, process.env);
  const { AUDIT_BUCKET: bucket, NOTIFY_TOPIC_ARN: topic } = config;
  const aws = awsEnvironment(process.env);
  const deadline = Date.now() + context.getRemainingTimeInMillis() - 5_000;
  const account = context.invokedFunctionArn.split(':')[4];
  const digested = await writeDigests({
    bucket,
    store: s3AuditStore(aws, bucket),
    versions: s3Versions(aws, bucket),
    key: kmsKey(aws, config.AUDIT_KEY_ID),
    publish: headPublisher({
      notify: topic === undefined ? undefined : snsNotify(aws, topic),
      forward: siemForward(config, secretsManager(aws)),
      context: { region: aws.region, requestId: context.awsRequestId, ...(account && { account }) },
      deadline,
    }),
    deadline,
  });
  // An alarm is raised when it is absent for a day.
  if (digested.unfinished === undefined) count('DigestRun', {});
  return digested;
}

/** Every hour: signs a digest of each day that is over, or continues with one that is not finished. */
export const handler = middy<unknown, Digested>({ timeoutEarlyInMillis: 0 }).handler(handle);
