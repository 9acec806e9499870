import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { s3FirstName } from '../lib/audit/list.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { awsEnvironment } from '../lib/aws/sign-request.ts';
import { snsNotify } from '../lib/aws/sns.ts';
import { sqsQueue, sqsSender } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { adminToken, cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { BadEventError } from '../lib/intake/request.ts';
import { ConfigError, parseConfig } from '../lib/platform/config.ts';
import { errorFields, log } from '../lib/platform/log.ts';
import { count } from '../lib/platform/metrics.ts';
import { SweepKeysConfig } from '../lib/sweep/keys/config.ts';
import type { SweepResult } from '../lib/sweep/keys/continuation.ts';
import { stopSwitch } from '../lib/sweep/keys/kill-switch.ts';
import { ownServiceUsers } from '../lib/sweep/keys/own-service-users.ts';
import { shelf } from '../lib/sweep/keys/plan-store.ts';
import { readOrder } from '../lib/sweep/keys/read-order.ts';
import { planRecorder } from '../lib/sweep/keys/record-plan.ts';
import { runSweep } from '../lib/sweep/keys/run-sweep.ts';
import { sweepSettings } from '../lib/sweep/keys/settings.ts';

let parts: ReturnType<typeof connect> | undefined;

/** What lives as long as the container. @throws {ConfigError} */
function connect() {
  const config = parseConfig(SweepKeysConfig, process.env);
  const aws = awsEnvironment(process.env);
  const read = secretsManager(aws);
  const standbyId = config.STANDBY_TOKEN_SECRET_ID;
  const store = s3AuditStore(aws, config.AUDIT_BUCKET);
  const firstName = s3FirstName(aws, config.AUDIT_BUCKET);
  return {
    config,
    store,
    firstName,
    devin: devinClient(config.DEVIN_API_URL, cachedAdminToken(read, config.ADMIN_TOKEN_SECRET_ID)),
    standby: standbyId === undefined ? undefined : async () => adminToken(standbyId, await read(standbyId)),
    stop: stopSwitch(store, firstName),
    region: aws.region,
    queue: sqsQueue(aws, config.LEAK_QUEUE_URL),
    chain: config.SWEEP_QUEUE_URL === undefined ? undefined : sqsSender(aws, config.SWEEP_QUEUE_URL),
    notify: config.NOTIFY_TOPIC_ARN === undefined ? undefined : snsNotify(aws, config.NOTIFY_TOPIC_ARN),
  };
}

async function sweep(event: unknown, context: Context): Promise<SweepResult> {
  const requestId = context.awsRequestId;
  const order = readOrder(event, { requestId, now: Date.now() });
  parts ??= connect();
  const { chain, config, devin, firstName, notify, queue, region, standby, stop, store } = parts;
  const account = context.invokedFunctionArn.split(':')[4];
  const remaining = context.getRemainingTimeInMillis();
  // What is kept back is for handing over to the next invocation.
  const deadline = Date.now() + remaining - Math.min(15_000, remaining / 5);
  return runSweep(order, {
    devin,
    stop,
    shelf: shelf(store, firstName, deadline),
    own: () => ownServiceUsers(devin, standby, { deadline }),
    settings: sweepSettings(config),
    send: (report) => queue.send(report, deadline),
    enqueueContinuation:
      chain && ((next, delaySeconds) => chain(next, { deadline: Date.now() + 10_000, delaySeconds })),
    notify: notify ?? (async () => {}),
    record: planRecorder(store, { region, requestId, ...(account && { account }) }, deadline),
    dryRun: config.DRY_RUN,
    requestId,
    deadline,
  });
}

/** A sweep that could not run is an alarm like one that was blocked; in particular a policy that does not parse. */
const alarmErrors = (): middy.MiddlewareObj<unknown, SweepResult, Error, Context> => ({
  onError({ error }) {
    // A misspelt order of a person is answered, and is no alarm.
    if (!(error instanceof BadEventError)) count('SweepBlocked', { job: 'sweep-keys' });
    const isOurs = error instanceof ConfigError || error instanceof BadEventError;
    const reason = isOurs ? error.message : undefined;
    log('error', 'sweep failed', { ...errorFields(error), ...(reason !== undefined && { reason }) });
  },
});

/** The sweep of the keys: by its schedule, by its own queue, and by hand. */
export const handler = middy<unknown, SweepResult>({ timeoutEarlyInMillis: 0 })
  .use(alarmErrors())
  .handler(sweep);
