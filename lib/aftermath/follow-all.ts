import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { s3List } from '../aws/list-objects.ts';
import { snsNotify } from '../aws/sns.ts';
import { sqsSender } from '../aws/sqs.ts';
import { adminToken, cachedAdminToken } from '../clients/devin-admin-token.ts';
import type { AftermathRequest } from '../domain/aftermath.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import { errorFields, log } from '../platform/log.ts';
import { ownServiceUsers } from '../sweep/keys/own-service-users.ts';
import { readAskedAftermath } from './asked-aftermath.ts';
import type { Ended, FollowUpParts } from './follow-up-parts.ts';
import {
  type AftermathParts,
  type AftermathResult,
  readAftermathRequest,
  runAftermath,
} from './run-aftermath.ts';

/** Milliseconds that an aftermath needs to be worth beginning. */
const WORTH_MS = 15_000;
/** Milliseconds that those of one invocation may take: reports wait in the queue meanwhile. */
const AT_MOST_MS = 40_000;
/** Milliseconds kept back for the message with which it goes on. */
const KEPT_MS = 8_000;

/** Runs what there is time for, and sends the rest as messages of its own. Nothing is thrown. */
export async function followAll<Answer>(
  answer: Answer,
  { ended, messages }: { readonly ended: readonly Ended[]; readonly messages: readonly SQSRecord[] },
  parts: FollowUpParts,
): Promise<Answer | SQSBatchResponse> {
  const { config } = parts;
  if (config.AFTERMATH === 'off') return answer;
  const requests = ended.flatMap((one) => aftermathOf(one, config.DRY_RUN) ?? []);
  const now = Date.now();
  const deadline = Math.min(endOf(parts) - KEPT_MS, now + AT_MOST_MS);
  const hasTime = deadline - now >= WORTH_MS;
  const built = buildParts(parts, deadline);
  const run = hasTime ? runRequest : sendRequest;
  const [isBack] = await Promise.all([
    Promise.all(messages.map(async (message) => !hasTime || (await runMessage(message, built)))),
    ...requests.map((request) => run(request, built)),
  ]);
  return withFailures(
    answer,
    messages.filter((_, index) => isBack[index]),
  );
}

/** A batch's answer with the messages that were worked on apart from its reports. */
function withFailures<Answer>(answer: Answer, messages: readonly SQSRecord[]): Answer | SQSBatchResponse {
  const batch = z.safeParse(BatchResponse, answer);
  if (!batch.success || messages.length === 0) return answer;
  const others = messages.map(({ messageId }) => ({ itemIdentifier: messageId }));
  return { batchItemFailures: [...batch.data.batchItemFailures, ...others] };
}

const BatchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/** @throws {BadEventError} */
export async function followAsked(event: unknown, parts: FollowUpParts): Promise<AftermathResult> {
  const request = readAskedAftermath(event, parts.received, parts.config.DRY_RUN);
  return runAftermath(request, buildParts(parts, endOf(parts) - KEPT_MS));
}

/** Epoch milliseconds at which the invocation ends. */
function endOf({ context }: FollowUpParts): number {
  return Date.now() + context.getRemainingTimeInMillis();
}

/** What is to be looked at after a report: nothing unless its outcome is stored and names a service user. */
export function aftermathOf({ outcome, report }: Ended, isDryRun: boolean): AftermathRequest | undefined {
  const { api_key_id, exposure, own_key, service_user_id } = outcome;
  const isOver = isDone(outcome) && outcome.status !== 'ignored';
  // Nothing leaked where a sweep revokes an old key.
  if (!isOver || service_user_id === undefined || report.detector === 'sweep') return undefined;
  const { leak, token: _token, ...rest } = report;
  const leaked = Date.parse(exposure?.leaked_at ?? '');
  return {
    version: 1,
    kind: 'aftermath',
    service_user_id,
    ...(api_key_id !== undefined && { api_key_id }),
    leaked_at: Number.isNaN(leaked) ? (report.leaked_at ?? report.reported_at) : leaked,
    ...(own_key && { own_key }),
    ...(!isLeakOf(outcome) && { report_only: true }),
    ...((isDryRun || report.dry_run) && { dry_run: true }),
    attempt: 1,
    report: { ...rest, leak },
  };
}

/** Whether the outcome is evidence enough to act on that service user: ids alone, or ids that contradict a token, are not. */
function isLeakOf({ status }: Outcome): boolean {
  switch (status) {
    case 'revoked':
    case 'already_revoked':
    case 'rehearsed':
      return true;
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'ignored':
    case 'failed':
      return false;
    default:
      return status satisfies never;
  }
}

async function runRequest(request: AftermathRequest, parts: AftermathParts): Promise<void> {
  try {
    await runAftermath(request, parts);
  } catch (error) {
    const { report_id } = request.report;
    log('error', 'the aftermath failed', { ...errorFields(error), report_id });
    await sendRequest({ ...request, attempt: request.attempt + 1 }, parts);
  }
}

async function sendRequest(request: AftermathRequest, { deadline, send }: AftermathParts): Promise<void> {
  const { report_id } = request.report;
  try {
    if (send === undefined) throw new RangeError('there is no queue');
    await send(request, { deadline: Math.max(deadline, Date.now()) + KEPT_MS / 2 });
  } catch (error) {
    log('error', 'the aftermath is not queued', { ...errorFields(error), report_id });
  }
}

/** @returns whether the message has to come back */
async function runMessage({ body, messageId }: SQSRecord, parts: AftermathParts): Promise<boolean> {
  try {
    const request = readAftermathRequest(body);
    if (request === undefined) {
      log('error', 'message is not the request of an aftermath', { message_id: messageId });
      return true;
    }
    const { status } = await runAftermath(request, parts);
    return status === 'lost' || status === 'not_recorded';
  } catch (error) {
    log('error', 'the aftermath failed', { ...errorFields(error), message_id: messageId });
    return true;
  }
}

function buildParts(lent: FollowUpParts, deadline: number): AftermathParts {
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
    const known = await Promise.all(others.map((other) => ownServiceUsers(devin, other, retry)));
    return known.some((users) => users === undefined) ? undefined : known.flatMap((users) => users ?? []);
  } catch (error) {
    log('error', 'our own service users are not known', errorFields(error));
    return undefined;
  }
}
