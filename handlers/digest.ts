import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { DigestConfig } from '../lib/audit/config.ts';
import { writeDigests } from '../lib/audit/digest/write-digests.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { kmsKey } from '../lib/aws/kms.ts';
import { s3List } from '../lib/aws/list-objects.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { parseConfig } from '../lib/platform/config.ts';
import { count } from '../lib/platform/metrics.ts';

async function handle(_event: unknown, context: Context): Promise<{ days: string[] }> {
  const { AUDIT_BUCKET: bucket, AUDIT_KEY_ID } = parseConfig(DigestConfig, process.env);
  const aws = awsEnvironment(process.env);
  const now = Date.now();
  const days = await writeDigests({
    bucket,
    store: s3AuditStore(aws, bucket),
    list: s3List(aws, bucket),
    key: kmsKey(aws, AUDIT_KEY_ID),
    now,
    deadline: now + context.getRemainingTimeInMillis() - 5_000,
  });
  // An alarm is raised when it is absent for a day.
  count('DigestRun', {});
  return { days };
}

/** Once a day: signs a digest of what was stored in the audit bucket on the day before. */
export const handler = middy<unknown, { days: string[] }>({ timeoutEarlyInMillis: 0 }).handler(handle);
