import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { taggedSecrets } from '../lib/aws/tagged-secrets.ts';
import { EnrollConfig } from '../lib/enroll/config.ts';
import { enrollParts, readOwnTokens } from '../lib/enroll/connect.ts';
import { ENROLL_TAG, type EnrollResult, enrollTagged } from '../lib/enroll/enroll-tagged.ts';
import { parseConfig } from '../lib/platform/config.ts';

/** Milliseconds kept back at the end of an invocation, to store how far the experiments came. */
const RESERVE_MS = 45_000;

async function enroll(_event: unknown, context: Context): Promise<EnrollResult> {
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
    enrollParts(config, aws, read, own, { deadline, holder: context.awsRequestId }),
  );
}

/** By schedule: enrols our own tokens and those of the secrets that carry the tag. The event does not matter. */
export const handler = middy<unknown, EnrollResult>({ timeoutEarlyInMillis: 0 }).handler(enroll);
