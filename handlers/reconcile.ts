import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ReconcileConfig } from '../lib/audit/config.ts';
import { siemForward } from '../lib/audit/forward-to-siem.ts';
import { notingStore } from '../lib/audit/noting-store.ts';
import { acknowledge, readAcknowledgement } from '../lib/audit/reconcile/acknowledge.ts';
import { type Reconciled, reconcile } from '../lib/audit/reconcile/reconcile.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { s3FirstName, s3List, s3Pages } from '../lib/aws/list-objects.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { sqsQueue } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { parseConfig } from '../lib/platform/config.ts';

async function handle(event: unknown, context: Context): Promise<Reconciled> {
  const known = readAcknowledgement(event);
  const config = parseConfig(ReconcileConfig, process.env);
  const aws = awsEnvironment(process.env);
  const now = Date.now();
  const account = context.invokedFunctionArn.split(':')[4];
  const parts = {
    store: s3AuditStore(aws, config.AUDIT_BUCKET),
    list: s3List(aws, config.AUDIT_BUCKET),
    pages: s3Pages(aws, config.AUDIT_BUCKET),
    firstName: s3FirstName(aws, config.AUDIT_BUCKET),
    queue: sqsQueue(aws, config.LEAK_QUEUE_URL),
    now,
    deadline: now + context.getRemainingTimeInMillis() - 5_000,
  };
  if (known !== undefined) {
    await acknowledge(known, callerOf(context), {
      ...parts,
      // The date in the path is the report's, so that it needs a note for the digest.
      store: notingStore(parts.store),
      forward: siemForward(config, secretsManager(aws)),
      context: { region: aws.region, requestId: context.awsRequestId, ...(account && { account }) },
    });
  }
  return reconcile({ ...parts, acknowledged: known?.acknowledge });
}

/**
 * Every five minutes: finds intents without an outcome, raises the alarm, and queues their reports again. Invoked by a
 * person with `{"acknowledge": report id, "reason"}`: accepts that one has none.
 */
export const handler = middy<unknown, Reconciled>({ timeoutEarlyInMillis: 0 }).handler(handle);
