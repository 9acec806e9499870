import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { siemForward } from '../lib/audit/forward-to-siem.ts';
import { notingStore } from '../lib/audit/noting-store.ts';
import { type AwsEnvironment, awsEnvironment } from '../lib/aws/environment.ts';
import { s3FirstName } from '../lib/aws/list-objects.ts';
import { type ReadSecret, secretsManager } from '../lib/aws/secrets.ts';
import { sesMail } from '../lib/aws/ses.ts';
import { snsNotify } from '../lib/aws/sns.ts';
import { sqsQueue, sqsSender } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { adminToken, cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { devinServiceUsers } from '../lib/clients/devin-service-users.ts';
import { ownServiceUsers } from '../lib/clients/own-service-users.ts';
import { slackPost } from '../lib/clients/slack.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { parseConfig } from '../lib/platform/config.ts';
import { sweepDeadline } from '../lib/sweep/deadline.ts';
import { SweepKeysConfig } from '../lib/sweep/keys/config.ts';
import type { SweepDeps, SweepResult } from '../lib/sweep/keys/deps.ts';
import { killSwitch } from '../lib/sweep/keys/kill-switch.ts';
import { type OwnerWays, ownerNotifier } from '../lib/sweep/keys/owners.ts';
import { planStore } from '../lib/sweep/keys/plan-store.ts';
import { readOrder } from '../lib/sweep/keys/read-order.ts';
import { recordActOf } from '../lib/sweep/keys/record-act-of.ts';
import { planRecorder } from '../lib/sweep/keys/record-plan.ts';
import { reportFailure } from '../lib/sweep/keys/report-failure.ts';
import { runSweep } from '../lib/sweep/keys/run-sweep.ts';
import { sweepSettings } from '../lib/sweep/keys/settings.ts';

/** Five listings: what is stored, and when the kill switch is read, is a few seconds apart. */
const PAGE_USERS = 1_000;

let parts: ReturnType<typeof connect> | undefined;

/** Everything that is shared by the invocations of one container. @throws {ConfigError} */
function connect() {
  const config = parseConfig(SweepKeysConfig, process.env);
  const aws = awsEnvironment(process.env);
  const read = secretsManager(aws);
  const store = notingStore(s3AuditStore(aws, config.AUDIT_BUCKET));
  const firstName = s3FirstName(aws, config.AUDIT_BUCKET);
  const admin = cachedAdminToken(read, config.ADMIN_TOKEN_SECRET_ID);
  return {
    config,
    store,
    firstName,
    devin: { ...devinClient(config.DEVIN_API_URL, admin), ...devinServiceUsers(config.DEVIN_API_URL, admin) },
    ownTokens: [config.STANDBY_TOKEN_SECRET_ID, config.ACTIVITY_TOKEN_SECRET_ID].map((id) =>
      id === undefined ? undefined : async () => adminToken(id, await read(id)),
    ),
    killSwitch: killSwitch(store, firstName),
    region: aws.region,
    forward: siemForward(config, read),
    queue: sqsQueue(aws, config.BACKLOG_QUEUE_URL ?? config.LEAK_QUEUE_URL),
    chain: config.SWEEP_QUEUE_URL === undefined ? undefined : sqsSender(aws, config.SWEEP_QUEUE_URL),
    ways: ownerWays(config, aws, read),
    notify: config.NOTIFY_TOPIC_ARN === undefined ? undefined : snsNotify(aws, config.NOTIFY_TOPIC_ARN),
  };
}

function ownerWays(
  { OWNERS_FROM: from, SLACK_API_URL: slackUrl, SLACK_TOKEN_SECRET_ID: slackId }: SweepKeysConfig,
  aws: AwsEnvironment,
  read: ReadSecret,
): OwnerWays {
  return {
    mail: from === undefined ? undefined : sesMail(aws, from),
    slack: slackId === undefined ? undefined : slackPost(slackUrl, () => read(slackId)),
  };
}

async function sweep(event: unknown, context: Context): Promise<SweepResult> {
  const requestId = context.awsRequestId;
  const order = readOrder(event, { requestId, now: Date.now() });
  parts ??= connect();
  const { chain, config, devin, firstName, forward, notify, ownTokens, queue, region, store } = parts;
  const account = context.invokedFunctionArn.split(':')[4];
  const deadline = sweepDeadline(context.getRemainingTimeInMillis(), Date.now());
  const origin = { region, requestId, ...(account && { account }) };
  const record = () => recordActOf(order, callerOf(context), { store, forward, context: origin, deadline });
  const deps: SweepDeps = {
    devin,
    killSwitch: parts.killSwitch,
    plans: planStore(store, firstName, deadline),
    ownServiceUsers: () => ownServiceUsers(devin, ownTokens, { deadline }),
    settings: sweepSettings(config),
    send: (report) => queue.send(report, deadline),
    enqueueContinuation:
      chain && ((next, delaySeconds) => chain(next, { deadline: Date.now() + 10_000, delaySeconds })),
    notify: notify ?? (async () => true),
    notifyOwner: ownerNotifier(config.OWNERS, store, parts.ways, { deadline, attempts: 4 }),
    pageUsers: PAGE_USERS,
    planDays: config.SWEEP_PLAN_DAYS,
    record: planRecorder({ store, forward }, origin, deadline),
    dryRun: config.DRY_RUN,
    requestId,
    deadline,
  };
  if (order.order !== 'stop') await record();
  const result = await runSweep(order, deps);
  // Stopping does not wait for its record, nor fail with it: the switch itself is stored too.
  if (order.order === 'stop') await record().catch(reportFailure);
  return result;
}

const reportErrors = (): middy.MiddlewareObj<unknown, SweepResult, Error, Context> => ({
  onError: ({ error }) => reportFailure(error),
});

/** Sweeps the keys; invoked by a schedule, by its own queue, or by a person. */
export const handler = middy<unknown, SweepResult>({ timeoutEarlyInMillis: 0 })
  .use(reportErrors())
  .handler(sweep);
