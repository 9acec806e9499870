import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { AftermathRequest } from '../domain/aftermath.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { errorFields, log } from '../platform/log.ts';
import type { AskedBy } from './asked-aftermath.ts';
import type { AftermathParts, AftermathResult } from './run-aftermath.ts';

// In the worker's bundle, so it is small: what it loads lies beside the bundle.

/** A report that ended in this invocation. */
export interface Ended {
  readonly report: Report;
  readonly outcome: Outcome;
  readonly dryRun: boolean;
}

/** Milliseconds that an aftermath needs to be worth beginning. */
const WORTH_MS = 15_000;
/** Milliseconds that those of one invocation may take: reports wait in the queue meanwhile. */
const AT_MOST_MS = 40_000;
/** Milliseconds kept back for the message with which it goes on. */
const KEPT_MS = 8_000;

/** Whether a message of the queue is the request of an aftermath, and not a report. */
function isAftermathMessage({ body }: Pick<SQSRecord, 'body'>): boolean {
  return /"kind"\s*:\s*"aftermath"/.test(body);
}

/** What is to be looked at after a report: nothing unless its outcome is stored and names a service user. */
export function aftermathOf({ dryRun, outcome, report }: Ended): AftermathRequest | undefined {
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
    ...(dryRun && { dry_run: true }),
    attempt: 1,
    report: { ...rest, leak },
  };
}

/**
 * Looks at what followed the reports of an invocation, after all of them have ended, and at what messages ask for. What
 * there is no time for goes on by a message. Nothing is thrown: a finished report stays finished.
 *
 * @param end epoch milliseconds at which the invocation ends
 * @returns the ids of the messages that have to come back
 */
export async function followUp(
  { ended, messages }: { ended: readonly Ended[]; messages: readonly SQSRecord[] },
  parts: Omit<AftermathParts, 'deadline'>,
  end: number,
): Promise<string[]> {
  const requests = ended.flatMap((one) => aftermathOf(one) ?? []);
  if (requests.length === 0 && messages.length === 0) return [];
  const now = Date.now();
  const deadline = Math.min(end - KEPT_MS, now + AT_MOST_MS);
  const hasTime = deadline - now >= WORTH_MS;
  const [, ...back] = await Promise.all([
    hasTime ? runAll(requests, { ...parts, deadline }) : sendAll(requests, parts, end),
    ...messages.map((message) => (hasTime ? runMessage(message, { ...parts, deadline }) : message.messageId)),
  ]);
  return back.flatMap((id) => id ?? []);
}

async function runAll(requests: readonly AftermathRequest[], parts: AftermathParts): Promise<void> {
  await Promise.all(
    requests.map(async (request) => {
      try {
        const { runAftermath } = await import('./run-aftermath.ts');
        await runAftermath(request, parts);
      } catch (error) {
        log('error', 'the aftermath failed', { ...errorFields(error), report_id: request.report.report_id });
        await sendAll([{ ...request, attempt: request.attempt + 1 }], parts, parts.deadline + KEPT_MS);
      }
    }),
  );
}

async function sendAll(
  requests: readonly AftermathRequest[],
  { send }: Pick<AftermathParts, 'send'>,
  deadline: number,
): Promise<void> {
  for (const request of requests) {
    const { report_id } = request.report;
    try {
      if (send === undefined) throw new RangeError('there is no queue');
      await send(request, { deadline });
    } catch (error) {
      log('error', 'the aftermath is not queued', { ...errorFields(error), report_id });
    }
  }
}

/** @returns the message's id when it has to come back */
async function runMessage(message: SQSRecord, parts: AftermathParts): Promise<string | undefined> {
  try {
    const { readAftermathRequest, runAftermath } = await import('./run-aftermath.ts');
    const request = readAftermathRequest(message.body);
    if (request === undefined) {
      log('error', 'message is not the request of an aftermath', { message_id: message.messageId });
      return message.messageId;
    }
    const { status } = await runAftermath(request, parts);
    return status === 'lost' || status === 'not_recorded' ? message.messageId : undefined;
  } catch (error) {
    log('error', 'the aftermath failed', { ...errorFields(error), message_id: message.messageId });
    return message.messageId;
  }
}

/** What of an event is about an aftermath alone, and what is left of it for the reports. */
export type SplitEvent =
  | { readonly kind: 'asked' }
  | { readonly kind: 'reports'; readonly rest: unknown; readonly messages: readonly SQSRecord[] };

/** A person asks with `{"aftermath": …}`; messages of the queue come among reports. */
export function splitEvent(event: unknown): SplitEvent {
  if (!isRecord(event)) return { kind: 'reports', rest: event, messages: [] };
  if (event.aftermath !== undefined) return { kind: 'asked' };
  if (!isBatch(event)) return { kind: 'reports', rest: event, messages: [] };
  const messages = event.Records.filter(isAftermathMessage);
  if (messages.length === 0) return { kind: 'reports', rest: event, messages };
  const rest = { ...event, Records: event.Records.filter((record) => !isAftermathMessage(record)) };
  return { kind: 'reports', rest, messages };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether all records have a text as their body; the reports' own reader checks them closer. */
function isBatch(event: Record<string, unknown>): event is { Records: SQSRecord[] } {
  return (
    Array.isArray(event.Records) &&
    event.Records.every((one) => isRecord(one) && typeof one.body === 'string')
  );
}

/** Does what a person asked for, and answers with what was seen. @throws {BadEventError} */
export async function answerAsked(
  event: unknown,
  by: AskedBy,
  parts: Omit<AftermathParts, 'deadline'>,
  end: number,
): Promise<AftermathResult> {
  const { readAskedAftermath, runAftermath } = await import('./run-aftermath.ts');
  return runAftermath(readAskedAftermath(event, by), { ...parts, deadline: end - KEPT_MS });
}

/** Answers for a batch whose messages were worked on apart. */
export function withFailures<T extends object>(
  answer: T,
  messageIds: readonly string[],
): T | SQSBatchResponse {
  if (!isBatchResponse(answer)) return answer;
  const failed = messageIds.map((itemIdentifier) => ({ itemIdentifier }));
  return { batchItemFailures: [...answer.batchItemFailures, ...failed] };
}

function isBatchResponse(answer: object): answer is SQSBatchResponse {
  return isRecord(answer) && Array.isArray(answer.batchItemFailures);
}
