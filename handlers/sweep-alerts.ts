import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { reportTrail } from '../lib/audit/trail.ts';
import { awsEnvironment } from '../lib/aws/environment.ts';
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
    region: aws.region,
    github: githubAlertList(config.GITHUB_API_URL, token),
    store: s3AuditStore(aws, config.AUDIT_BUCKET),
    queue: sqsQueue(aws, config.LEAK_QUEUE_URL),
  };
}

/** The event does not matter: every run looks at all open alerts. */
async function sweep(_event: unknown, context: Context): Promise<AlertSweepResult> {
  parts ??= connect();
  const { config, github, queue, region, store } = parts;
  const deadline = sweepDeadline(context.getRemainingTimeInMillis(), Date.now());
  return sweepAlerts({
    github,
    orgs: config.GITHUB_ORGS,
    secretTypes: config.GITHUB_SECRET_TYPES,
    earlier: (report) =>
      reportTrail(
        { store },
        report,
        { region, requestId: context.awsRequestId, attempt: 1 },
        { deadline },
      ).earlier(),
    send: (report) => queue.send(report, deadline),
    dryRun: config.DRY_RUN,
    deadline,
  });
}

/** Sweeps GitHub's open alerts for those whose webhook was lost. */
export const handler = middy<unknown, AlertSweepResult>({ timeoutEarlyInMillis: 0 }).handler(sweep);
