import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ReconcileConfig } from '../lib/audit/config.ts';
import { reconcile } from '../lib/audit/reconcile.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { s3List } from '../lib/aws/list-objects.ts';
import { sqsQueue } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { parseConfig } from '../lib/platform/config.ts';

type Answer = { lost: number; queued: number };

async function handle(_event: unknown, context: Context): Promise<Answer> {
  const { AUDIT_BUCKET, LEAK_QUEUE_URL } = parseConfig(ReconcileConfig, process.env);
  const aws = awsEnvironment(process.env);
  const now = Date.now();
  return reconcile({
    store: s3AuditStore(aws, AUDIT_BUCKET),
    list: s3List(aws, AUDIT_BUCKET),
    queue: sqsQueue(aws, LEAK_QUEUE_URL),
    now,
    deadline: now + context.getRemainingTimeInMillis() - 5_000,
  });
}

/** Every five minutes: finds intents without an outcome, raises the alarm, and queues their reports again. */
export const handler = middy<unknown, Answer>({ timeoutEarlyInMillis: 0 }).handler(handle);
