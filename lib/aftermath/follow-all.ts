import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { snsNotify } from '../aws/sns.ts';
import { s3AuditStore } from '../aws/write-once-bucket.ts';
import type { AftermathRequest } from '../domain/aftermath.ts';
import type { Token } from '../domain/token.ts';
import type { Ended } from '../notice/ended.ts';
import { notifyEnded } from '../notice/notify-ended.ts';
import { errorFields, log } from '../platform/log.ts';
import { aftermathsOf } from './aftermath-of.ts';
import type { AftermathParts, AftermathResult } from './aftermath-parts.ts';
import { readAskedAftermath } from './asked-aftermath.ts';
import { buildParts } from './build-parts.ts';
import type { FollowUpParts, Settled, SettleReports } from './follow-up-parts.ts';
import { readAftermathRequest, runAftermath } from './run-aftermath.ts';
import { splitEvent } from './split-event.ts';

/** Milliseconds that an aftermath needs to be worth beginning. */
const WORTH_MS = 15_000;
/** Milliseconds that those of one invocation may take: reports wait in the queue meanwhile. */
const AT_MOST_MS = 40_000;
/** Milliseconds kept back for the message with which it goes on. */
const KEPT_MS = 8_000;

/**
 * Tells people how the reports ended, and looks at what followed them. Nothing but the reports' own answer is thrown.
 *
 * @param messages requests of aftermaths that came with the reports
 */
export async function followAll<Answer>(
  { answer, ended }: Settled<Answer>,
  messages: readonly SQSRecord[],
  parts: FollowUpParts,
): Promise<Answer | SQSBatchResponse> {
  const told = notifyAll(ended, parts);
  try {
    return await runAll(await answer, { ended, messages }, parts);
  } finally {
    await told;
  }
}

async function notifyAll(ended: readonly Ended[], { aws, config, context }: FollowUpParts): Promise<void> {
  if (config.NOTIFY_TOPIC_ARN === undefined) return;
  const { functionName } = context;
  const parts = {
    settings: config.NOTIFY,
    places: { githubApiUrl: config.GITHUB_API_URL, region: aws.region, functionName },
    notify: snsNotify(aws, config.NOTIFY_TOPIC_ARN),
    store: s3AuditStore(aws, config.AUDIT_BUCKET),
  };
  await Promise.all(ended.map((one) => notifyEnded(one, parts)));
}

/** Runs what there is time for, and sends the rest as messages of its own. Nothing is thrown. */
async function runAll<Answer>(
  answer: Answer,
  { ended, messages }: { readonly ended: readonly Ended[]; readonly messages: readonly SQSRecord[] },
  parts: FollowUpParts,
): Promise<Answer | SQSBatchResponse> {
  const { config } = parts;
  if (config.AFTERMATH === 'off') return answer;
  const requests = ended.flatMap((one) =>
    aftermathsOf(one, config.DRY_RUN).map((request) => ({ request, known: tokensOf(one) })),
  );
  if (requests.length === 0 && messages.length === 0) return answer;
  const now = Date.now();
  const deadline = Math.min(endOf(parts) - KEPT_MS, now + AT_MOST_MS);
  const hasTime = deadline - now >= WORTH_MS;
  const built = buildParts(parts, deadline);
  const run = hasTime ? runRequest : sendRequest;
  const [isBack] = await Promise.all([
    Promise.all(messages.map(async (message) => !hasTime || (await runMessage(message, built)))),
    ...requests.map(({ known, request }) => run(request, { ...built, known })),
  ]);
  return withFailures(
    answer,
    messages.filter((_, index) => isBack[index]),
  );
}

/** What a direct invoke brought; the token of an alert is not kept. */
function tokensOf({ report: { token } }: Ended): Token[] {
  return token === undefined ? [] : [token];
}

/** A batch's answer with the messages that were worked on apart from its reports. */
function withFailures<Answer>(answer: Answer, messages: readonly SQSRecord[]): Answer | SQSBatchResponse {
  const batch = z.safeParse(BatchResponse, answer);
  if (!batch.success || messages.length === 0) return answer;
  const others = messages.map(({ messageId }) => ({ itemIdentifier: messageId }));
  return { batchItemFailures: [...batch.data.batchItemFailures, ...others] };
}

const BatchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/**
 * Does what an event asks for, beside its reports if it has any.
 *
 * @throws {BadEventError}
 */
export async function followEvent<Answer>(
  event: unknown,
  parts: FollowUpParts,
  settle: SettleReports<Answer>,
): Promise<Answer | SQSBatchResponse | AftermathResult> {
  const { asked, messages, rest } = splitEvent(event);
  if (asked) return followAsked(event, parts);
  return followAll(await settle(rest), messages, parts);
}

async function followAsked(event: unknown, parts: FollowUpParts): Promise<AftermathResult> {
  const request = readAskedAftermath(event, parts.received, parts.config.DRY_RUN);
  return runAftermath(request, buildParts(parts, endOf(parts) - KEPT_MS));
}

/** Epoch milliseconds at which the invocation ends. */
function endOf({ context }: FollowUpParts): number {
  return Date.now() + context.getRemainingTimeInMillis();
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
