import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type AdminToken, cachedAdminToken } from '../lib/admin-token.ts';
import { httpForward } from '../lib/audit/forward.ts';
import { journal } from '../lib/audit/journal.ts';
import { s3FirstName } from '../lib/audit/list.ts';
import { type ListObjects, s3List } from '../lib/audit/objects.ts';
import { s3AuditStore } from '../lib/audit/store.ts';
import { type AwsEnvironment, awsEnvironment } from '../lib/aws.ts';
import { parseConfig, RevokeConfig } from '../lib/config.ts';
import { contain } from '../lib/contain.ts';
import { devinClient } from '../lib/devin.ts';
import { githubClient } from '../lib/github.ts';
import { githubToken } from '../lib/github-token.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { readEvent, readMessage } from '../lib/intake/event.ts';
import { errorFields, log } from '../lib/log.ts';
import { isDone, type Outcome } from '../lib/outcome.ts';
import type { Report } from '../lib/report.ts';
import { type ReadSecret, secretsManager } from '../lib/secrets.ts';
import { holdSweep } from '../lib/sweep/hold.ts';
import { stopSwitch } from '../lib/sweep/stop.ts';
import { onlyTurn, type Turn, turns } from '../lib/turn.ts';

/** Milliseconds kept back at the end of an invocation, to put on record how far it came. */
const RESERVE_MS = 5_000;

let parts: ReturnType<typeof connect> | undefined;

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
    stop: stopSwitch(store, s3FirstName(aws, config.AUDIT_BUCKET)),
  };
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
      return revokeBatch(trigger.records, context);
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

async function revokeBatch(records: readonly SQSRecord[], context: Context): Promise<SQSBatchResponse> {
  const places = turns(records.length);
  const done = await Promise.all(
    records.map((record, index) => revokeMessage(record, context, places[index] ?? onlyTurn())),
  );
  const failed = records.filter((_, index) => !done[index]);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Whether the message may leave the queue. A message that can not be read stays, for the dead-letter queue. */
async function revokeMessage(record: SQSRecord, context: Context, turn: Turn): Promise<boolean> {
  const fields = { message_id: record.messageId };
  try {
    const report = readMessage(record.body);
    if (report === undefined) {
      log('error', 'message is not a leak report', fields);
      return false;
    }
    const attempt = Number(record.attributes.ApproximateReceiveCount) || 1;
    return isDone(await revoke(report, context, attempt, turn));
  } catch (error) {
    log('error', 'message failed', { ...fields, ...errorFields(error) });
    return false;
  } finally {
    turn.end();
  }
}

async function revoke(report: Report, context: Context, attempt = 1, turn = onlyTurn()): Promise<Outcome> {
  parts ??= connect();
  const { admin, config, devin, github, records, region, stop } = parts;
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
    ...(isSweep && { hold: (key) => holdSweep(key, { devin, stop, retry: { deadline: end - RESERVE_MS } }) }),
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
