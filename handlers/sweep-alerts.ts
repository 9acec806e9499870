import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { readEarlier } from '../lib/audit/read-earlier.ts';
import { dueRechecks } from '../lib/audit/recheck-note.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { s3List } from '../lib/aws/list-objects.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { sqsQueue } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { githubAlertList } from '../lib/clients/github-alert-list.ts';
import { githubToken } from '../lib/clients/github-token.ts';
import { parseConfig } from '../lib/platform/config.ts';
import { SweepAlertsConfig } from '../lib/sweep/alerts/config.ts';
import { type AlertSweepResult, sweepAlerts } from '../lib/sweep/alerts/sweep-alerts.ts';
import { sweepDeadline } from '../lib/sweep/deadline.ts';

let parts: ReturnType<typeof connect> | undefined;

/** Everything that is shared by the invocations of one container. @throws {ConfigError} */
function connect() {
  const config = parseConfig(SweepAlertsConfig, process.env);
  const aws = awsEnvironment(process.env);
  const token = githubToken(secretsManager(aws), config.GITHUB_TOKEN_SECRET_ID, config.GITHUB_API_URL);
  return {
    config,
    github: githubAlertList(config.GITHUB_API_URL, token),
    list: s3List(aws, config.AUDIT_BUCKET),
    store: s3AuditStore(aws, config.AUDIT_BUCKET),
    queue: sqsQueue(aws, config.LEAK_QUEUE_URL),
  };
}

/** The event does not matter: every run looks at all open alerts. */
async function sweep(_event: unknown, context: Context): Promise<AlertSweepResult> {
  parts ??= connect();
  const { config, github, list, queue, store } = parts;
  const deadline = sweepDeadline(context.getRemainingTimeInMillis(), Date.now());
  return sweepAlerts({
    github,
    orgs: config.GITHUB_ORGS,
    secretTypes: config.GITHUB_SECRET_TYPES,
    earlier: (report) => readEarlier(store, report, { deadline, attempts: 4 }),
    dueRechecks: () => dueRechecks({ list, store }, Date.now(), { deadline, attempts: 4 }),
    send: (report) => queue.send(report, deadline),
    dryRun: config.DRY_RUN,
    deadline,
  });
}

/** Sweeps GitHub's open alerts for those whose webhook was lost. */
export const handler = middy<unknown, AlertSweepResult>({ timeoutEarlyInMillis: 0 }).handler(sweep);
