import { s3List } from '../aws/list-objects.ts';
import { snsNotify } from '../aws/sns.ts';
import { sqsSender } from '../aws/sqs.ts';
import { adminToken, cachedAdminToken } from '../clients/devin-admin-token.ts';
import { ownServiceUsers } from '../clients/own-service-users.ts';
import { errorFields, log } from '../platform/log.ts';
import type { AftermathParts } from './aftermath-parts.ts';
import type { FollowUpParts } from './follow-up-parts.ts';

/** What an aftermath works with, from what the worker lends. @param deadline epoch milliseconds */
export function buildParts(lent: FollowUpParts, deadline: number): AftermathParts {
  const { admin, aws, context, devin, read, records, config } = lent;
  const { ACTIVITY_TOKEN_SECRET_ID: activityId, LEAK_QUEUE_URL: queue, NOTIFY_TOPIC_ARN: topic } = config;
  const account = context.invokedFunctionArn.split(':')[4];
  return {
    mode: config.AFTERMATH === 'terminate' ? 'terminate' : 'report',
    max: config.AFTERMATH_MAX,
    marginHours: config.AFTERMATH_MARGIN_HOURS,
    devinUrl: config.DEVIN_API_URL,
    credential: activityId === undefined ? admin : cachedAdminToken(read, activityId),
    devin,
    ownServiceUsers: () => readOwnServiceUsers(lent),
    store: records.store,
    list: s3List(aws, config.AUDIT_BUCKET),
    forward: records.forward?.to,
    send: queue === undefined ? undefined : sqsSender(aws, queue),
    notify: topic === undefined ? undefined : snsNotify(aws, topic),
    context: { region: aws.region, requestId: context.awsRequestId, ...(account && { account }) },
    proofWindowMs: config.PROOF_WINDOW_SECONDS * 1_000,
    deadline,
  };
}

/** The service users of all our tokens; `undefined` unless every one of them is known. */
async function readOwnServiceUsers({ devin, read, config }: FollowUpParts): Promise<string[] | undefined> {
  const retry = { deadline: Date.now() + 10_000 };
  const others = [config.STANDBY_TOKEN_SECRET_ID, config.ACTIVITY_TOKEN_SECRET_ID].map((id) =>
    id === undefined ? undefined : async () => adminToken(id, await read(id)),
  );
  try {
    return await ownServiceUsers(devin, others, retry);
  } catch (error) {
    log('error', 'our own service users are not known', errorFields(error));
    return undefined;
  }
}
