// Before all other imports, so that its request is sent before they are loaded.
import '../lib/cold-start/revoke.ts';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import type { AftermathResult } from '../lib/aftermath/aftermath-parts.ts';
import { withAftermath } from '../lib/aftermath/follow-up.ts';
import { httpForward } from '../lib/audit/forward-to-siem.ts';
import { notingStore } from '../lib/audit/noting-store.ts';
import { reportTrail, type TrailParts } from '../lib/audit/trail.ts';
import { type AwsEnvironment, awsEnvironment, bucketUrl } from '../lib/aws/environment.ts';
import { s3FirstName, s3List } from '../lib/aws/list-objects.ts';
import { s3ReplaceableObjects } from '../lib/aws/replaceable-objects.ts';
import { type ReadSecret, secretsManager } from '../lib/aws/secrets.ts';
import { snsNotify } from '../lib/aws/sns.ts';
import { sqsRetrySoon } from '../lib/aws/sqs.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { type GitHub, githubClient } from '../lib/clients/github.ts';
import { githubToken } from '../lib/clients/github-token.ts';
import { ownServiceUsers } from '../lib/clients/own-service-users.ts';
import { openConnections } from '../lib/cold-start/open-connections.ts';
import { early } from '../lib/cold-start/revoke.ts';
import type { BatchPlace } from '../lib/containment/batch-barrier.ts';
import { RevokeConfig } from '../lib/containment/config.ts';
import { contain } from '../lib/containment/contain.ts';
import { settleTrigger } from '../lib/containment/settle-trigger.ts';
import type { Outcome } from '../lib/domain/outcome.ts';
import type { Report } from '../lib/domain/report.ts';
import { tokenRegistry } from '../lib/identify/registry/registry.ts';
import { callerOf } from '../lib/intake/caller.ts';
import { messageReader, readTrigger } from '../lib/intake/event.ts';
import type { Ended } from '../lib/notice/ended.ts';
import { parseConfig } from '../lib/platform/config.ts';
import { recheckSweptKey } from '../lib/sweep/keys/recheck-swept-key.ts';

/** Milliseconds kept back at the end of an invocation, to put on record how far it came. */
const RESERVE_MS = 5_000;

let parts: ReturnType<typeof connect> | undefined;
try {
  // While the container starts: the admin token is read before there is an event.
  parts = connect();
} catch {
  // The invocation that meets a wrong configuration reports it.
}

/** What lives as long as the container. @throws {ConfigError} */
function connect() {
  const config = parseConfig(RevokeConfig, process.env);
  const aws = awsEnvironment(process.env);
  const read = secretsManager(aws, { early: early.take });
  const admin = cachedAdminToken(read, config.ADMIN_TOKEN_SECRET_ID, config.STANDBY_TOKEN_SECRET_ID);
  // A failure shows to the first report, which reads it again.
  admin.get().catch(() => {});
  const github = githubOf(config, read);
  const store = notingStore(s3AuditStore(aws, config.AUDIT_BUCKET));
  return {
    config,
    aws,
    read,
    admin,
    devin: devinClient(config.DEVIN_API_URL, admin),
    github,
    records: {
      store,
      list: s3List(aws, config.AUDIT_BUCKET),
      unsaved: new Map(),
      forward: siemOf(config, aws, read),
    },
    registered: s3ReplaceableObjects(aws, config.AUDIT_BUCKET),
    retrySoon: sqsRetrySoon(aws),
    sealing: { aws, keyId: config.SEALING_KEY_ID },
    notify: config.NOTIFY_TOPIC_ARN === undefined ? undefined : snsNotify(aws, config.NOTIFY_TOPIC_ARN),
    swept: { store, firstName: s3FirstName(aws, config.AUDIT_BUCKET) },
    otherTokens: [
      admin.standby,
      config.ACTIVITY_TOKEN_SECRET_ID === undefined
        ? undefined
        : cachedAdminToken(read, config.ACTIVITY_TOKEN_SECRET_ID).get,
    ],
    urls: {
      bucket: bucketUrl(aws, config.AUDIT_BUCKET),
      devin: config.DEVIN_API_URL,
      github: github && config.GITHUB_API_URL,
    },
  };
}

function githubOf(
  { GITHUB_API_URL: url, GITHUB_TOKEN_SECRET_ID: id }: RevokeConfig,
  read: ReadSecret,
): GitHub | undefined {
  return id === undefined ? undefined : githubClient(url, githubToken(read, id, url));
}

function siemOf(
  { AUDIT_BUCKET, AUDIT_HTTP_SECRET_ID: id, AUDIT_HTTP_URL: url }: RevokeConfig,
  aws: AwsEnvironment,
  read: ReadSecret,
): TrailParts['forward'] {
  if (url === undefined) return undefined;
  const to = httpForward(url, id === undefined ? undefined : () => read(id));
  return { to, list: s3List(aws, AUDIT_BUCKET) };
}

type Answer = Outcome | SQSBatchResponse | AftermathResult;

async function handle(event: unknown, context: Context): Promise<Answer> {
  parts ??= connect();
  const { retrySoon, sealing } = parts;
  const received = { requestId: context.awsRequestId, now: Date.now(), caller: callerOf(context) };
  return withAftermath(event, { ...parts, received, context }, async (reports) => {
    const ended: Ended[] = [];
    const trigger = await readTrigger(reports, received, sealing);
    const answer = settleTrigger(
      trigger,
      async (report, attempt, place) => {
        const outcome = await revoke(report, context, attempt, place);
        ended.push({ report, outcome, attempt });
        return outcome;
      },
      retrySoon,
      messageReader(sealing),
    );
    await Promise.allSettled([answer]);
    return { answer, ended };
  });
}

async function revoke(
  report: Report,
  context: Context,
  attempt: number,
  place: BatchPlace,
): Promise<Outcome> {
  parts ??= connect();
  const { admin, aws, config, devin, github, notify, otherTokens, records, registered, swept, urls } = parts;
  // What is not open by then is opened when it is needed.
  openConnections(report, early.sent, urls).catch(() => {});
  const end = Date.now() + context.getRemainingTimeInMillis();
  const deadline = end - RESERVE_MS;
  const account = context.invokedFunctionArn.split(':')[4];
  const origin = {
    region: aws.region,
    requestId: context.awsRequestId,
    attempt,
    ...(account && { account }),
  };
  return contain(report, {
    admin,
    devin,
    github,
    trail: reportTrail(records, report, origin, { deadline: end - RESERVE_MS / 5 }),
    registry: tokenRegistry(registered, { deadline: end - RESERVE_MS / 5 }),
    ...(report.detector === 'sweep' && {
      recheck: (key) =>
        recheckSweptKey(key, {
          ...swept,
          ownServiceUsers: () => ownServiceUsers(devin, otherTokens, { deadline }),
          actBefore: report.act_before,
          dueWhile: report.due_while,
          listKeys: devin.listKeys,
          retry: { deadline },
        }),
    }),
    search: {
      store: records.store,
      notify: notify ?? (async () => {}),
      error: config.ATTRIBUTION_ERROR,
      searchMs: config.SEARCH_SECONDS * 1_000,
    },
    place,
    ambiguousKey: config.AMBIGUOUS_KEY,
    dryRun: config.DRY_RUN || report.dry_run === true,
    proofWindowMs: config.PROOF_WINDOW_SECONDS * 1_000,
    deadline,
  });
}

/** The worker: leak reports from SQS, EventBridge events, and direct invokes from the console or the CLI. */
export const handler = middy<unknown, Answer>({ timeoutEarlyInMillis: 0 }).handler(handle);
