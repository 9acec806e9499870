import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { taggedSecrets } from '../lib/aws/tagged-secrets.ts';
import { EnrollConfig } from '../lib/enroll/config.ts';
import { type ByHand, enrollParts, readOwnTokens } from '../lib/enroll/connect.ts';
import { ENROLL_TAG, type EnrollResult, enrollTagged } from '../lib/enroll/enroll-tagged.ts';
import { type EnrolOrder, readOrder } from '../lib/enroll/read-order.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { parseConfig } from '../lib/platform/config.ts';

/** Milliseconds kept back at the end of an invocation, to store how far the experiments came. */
const RESERVE_MS = 45_000;

async function enroll(event: unknown, context: Context): Promise<EnrollResult> {
  const order = readOrder(event);
  const config = parseConfig(EnrollConfig, process.env);
  const aws = awsEnvironment(process.env);
  const read = secretsManager(aws);
  const left = context.getRemainingTimeInMillis();
  const deadline = Date.now() + left - Math.min(RESERVE_MS, left / 4);
  const [own, secrets] = await Promise.all([
    readOwnTokens(config, read),
    taggedSecrets(aws, ENROLL_TAG, deadline),
  ]);
  return enrollTagged(
    own,
    secrets,
    read,
    enrollParts(config, aws, read, own, {
      deadline,
      holder: context.awsRequestId,
      byHand: byHand(order, context),
    }),
  );
}

function byHand(order: EnrolOrder, context: Context): ByHand | undefined {
  if (order.invokedBy === 'schedule') return undefined;
  const account = context.invokedFunctionArn.split(':')[4];
  return { by: callerOf(context), reason: order.reason, ...(account && { account }) };
}

/**
 * By schedule, or by a person with `{}` or `{"reason"}`: enrols our own tokens and those of the secrets that carry the tag.
 * What a person has enrolled is put on record.
 */
export const handler = middy<unknown, EnrollResult>({ timeoutEarlyInMillis: 0 }).handler(enroll);
