// Before all other imports, so that its request is.
import '../lib/cold-start/revoke.ts';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { httpForward } from '../lib/audit/forward-to-siem.ts';
import { s3FirstName } from '../lib/audit/list.ts';
import { journal } from '../lib/audit/trail.ts';
import { type AwsEnvironment, awsEnvironment, bucketUrl } from '../lib/aws/environment.ts';
import { type ListObjects, s3List } from '../lib/aws/list-objects.ts';
import { type ReadSecret, secretsManager } from '../lib/aws/secrets.ts';
import { sqsRetrySoon } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { type AdminToken, cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { githubClient } from '../lib/clients/github.ts';
import { githubToken } from '../lib/clients/github-token.ts';
import { sent } from '../lib/cold-start/revoke.ts';
import { prepare } from '../lib/cold-start/warm-up.ts';
import { onlyTurn } from '../lib/containment/batch-barrier.ts';
import { contain } from '../lib/containment/contain.ts';
import { settleBatch } from '../lib/containment/settle-batch.ts';
import { isDone, type Outcome } from '../lib/domain/outcome.ts';
import type { Report } from '../lib/domain/report.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { readEvent } from '../lib/intake/event.ts';
import { parseConfig, RevokeConfig } from '../lib/platform/config.ts';
import { log } from '../lib/platform/log.ts';
import { preconnect } from '../lib/platform/preconnect.ts';
import { killSwitch } from '../lib/sweep/keys/kill-switch.ts';
import { recheckBeforeDelete } from '../lib/sweep/keys/recheck-before-delete.ts';

/** Milliseconds kept back at the end of an invocation, to put on record how far it came. */
const RESERVE_MS = 5_000;

let parts: ReturnType<typeof connect> | undefined;
try {
  // While the container starts: the admin token is read before there is an event.
  parts = connect();
} catch {
  // A wrong configuration is told by the invocation that meets it.
}

/** What lives as long as the container. @throws {ConfigError} */
function connect() {
  const config = parseConfig(RevokeConfig, process.env);
  const aws: AwsEnvironment = awsEnvironment(process.env);
  const read = secretsManager(aws);
  const admin: AdminToken = cachedAdminToken(
    read,
    config.ADMIN_TOKEN_SECRET_ID,
    config.STANDBY_TOKEN_SECRET_ID,
  );
  const store = s3AuditStore(aws, config.AUDIT_BUCKET);
  // A failure shows to the first report, which reads it again.
  admin.get().catch(() => {});
  const github =
    config.GITHUB_TOKEN_SECRET_ID === undefined
      ? undefined
      : githubClient(
          config.GITHUB_API_URL,
          githubToken(read, config.GITHUB_TOKEN_SECRET_ID, config.GITHUB_API_URL),
        );
  return {
    config,
    region: aws.region,
    admin,
    devin: devinClient(config.DEVIN_API_URL, admin),
    github,
    records: {
      store,
      unsaved: new Map(),
      forward: siem(config, read, s3List(aws, config.AUDIT_BUCKET)),
    },
    retrySoon: sqsRetrySoon(aws),
    stop: killSwitch(store, s3FirstName(aws, config.AUDIT_BUCKET)),
  };
}

let isPrepared = false;

/** Once in a container. What is not ready by then is made when it is needed. */
function prepareOnce(isAlert: boolean, { AUDIT_BUCKET, DEVIN_API_URL }: RevokeConfig): void {
  if (isPrepared) return;
  isPrepared = true;
  const connections = {
    // The listing goes out beside the DELETE, and the proof uses two at once.
    [DEVIN_API_URL]: 2,
    // The outcome, the note of the token and the record of the alert are stored together.
    [bucketUrl(awsEnvironment(process.env), AUDIT_BUCKET)]: isAlert ? 3 : 2,
  };
  prepare(sent, connections).catch(() => {});
}

function siem(config: RevokeConfig, read: ReadSecret, list: ListObjects) {
  const { AUDIT_HTTP_SECRET_ID: id, AUDIT_HTTP_URL: url } = config;
  return url === undefined
    ? undefined
    : { to: httpForward(url, id === undefined ? id : () => read(id)), list };
}

async function handle(event: unknown, context: Context): Promise<Outcome | SQSBatchResponse> {
  parts ??= connect();
  const now = Date.now();
  const trigger = readEvent(event, { requestId: context.awsRequestId, now, caller: callerOf(context) });
  switch (trigger.kind) {
    case 'sqs':
      return settleBatch(
        trigger.records,
        (report, attempt, turn) => revoke(report, context, attempt, turn),
        parts.retrySoon,
      );
    case 'eventbridge': {
      const outcome = await revoke(trigger.report, context);
      // Lambda invokes again what failed; the answer itself goes nowhere.
      if (!isDone(outcome)) throw new NotDoneError(outcome);
      return outcome;
    }
    case 'direct':
      return revoke(trigger.report, context);
    default:
      return trigger satisfies never;
  }
}

/** An asynchronous invoke that is to be retried. */
class NotDoneError extends Error {
  override readonly name = 'NotDoneError';

  constructor({ report_id, status }: Outcome) {
    super(`report ${report_id} is not done: ${status}`);
  }
}

async function revoke(report: Report, context: Context, attempt = 1, turn = onlyTurn()): Promise<Outcome> {
  parts ??= connect();
  const { admin, config, devin, github, records, region, stop } = parts;
  const isAlert = github !== undefined && report.leak.kind === 'github_alert';
  if (isAlert) preconnect(config.GITHUB_API_URL);
  prepareOnce(isAlert, config);
  const end = Date.now() + context.getRemainingTimeInMillis();
  const isSweep = report.detector === 'sweep';
  const account = context.invokedFunctionArn.split(':')[4];
  const outcome = await contain(report, {
    admin,
    devin,
    github,
    journal: journal(
      records,
      report,
      { region, requestId: context.awsRequestId, attempt, ...(account && { account }) },
      { deadline: end - RESERVE_MS / 5 },
    ),
    ...(isSweep && {
      hold: (key) => recheckBeforeDelete(key, { devin, stop, retry: { deadline: end - RESERVE_MS } }),
    }),
    turn,
    ambiguousKey: config.AMBIGUOUS_KEY,
    dryRun: config.DRY_RUN || report.dry_run === true,
    proofWindowMs: config.PROOF_WINDOW_SECONDS * 1_000,
    deadline: end - RESERVE_MS,
  });
  const { report_id, status, recorded } = outcome;
  const reason = 'reason' in outcome ? outcome.reason : undefined;
  log(isDone(outcome) ? 'info' : 'error', 'report ended', { report_id, status, recorded, attempt, reason });
  return outcome;
}

/** The worker: leak reports from SQS, EventBridge events, and direct invokes from the console or the CLI. */
export const handler = middy<unknown, Outcome | SQSBatchResponse>({ timeoutEarlyInMillis: 0 }).handler(
  handle,
);
