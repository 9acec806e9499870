import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { redact } from '../domain/redact.ts';
import { LeakReport, type Report } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';
import { parseJson } from '../platform/parse-json.ts';
import { caller } from './caller.ts';
import type { Sealing } from './read-other-message.ts';
import { badEvent, readRequest } from './request.ts';

/** What woke the worker. */
export type Trigger =
  | { readonly kind: 'sqs'; readonly records: readonly SQSRecord[] }
  | { readonly kind: 'eventbridge' | 'direct'; readonly report: Report };

const Sqs = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      eventSource: z.literal('aws:sqs'),
      attributes: z.object({ ApproximateReceiveCount: z.string() }),
    }),
  ),
});
const EventBridge = z.object({
  id: z.string(),
  source: z.optional(z.string()),
  time: z.string().check(z.refine((value) => !Number.isNaN(Date.parse(value)))),
  'detail-type': z.string(),
  detail: z.unknown(),
});

/**
 * Reads an event of one of three kinds, which their shapes tell apart.
 *
 * @throws {BadEventError}
 */
export function readEvent(
  event: unknown,
  { caller: invoker, now, requestId }: { requestId: string; now: number; caller?: string | undefined },
): Trigger {
  if (isRecord(event) && event.Records !== undefined) {
    if (!isSqsEvent(event)) throw badEvent(['Records must be the messages of an SQS queue']);
    return { kind: 'sqs', records: event.Records };
  }
  if (isRecord(event) && event['detail-type'] !== undefined) {
    const parsed = z.safeParse(EventBridge, event);
    if (!parsed.success) {
      throw badEvent(
        parsed.error.issues.map(({ path }) => `${path.join('.')} is not that of an EventBridge event`),
      );
    }
    const { detail, id, source, time } = parsed.data;
    const origin = {
      detector: 'eventbridge',
      invoked_by: 'event',
      id,
      time: Date.parse(time),
      caller: caller(source),
    } as const;
    return { kind: 'eventbridge', report: readRequest(detail, origin) };
  }
  const origin = {
    detector: 'console',
    invoked_by: 'console',
    id: requestId,
    time: now,
    caller: invoker,
  } as const;
  return { kind: 'direct', report: readRequest(event, origin) };
}

/**
 * Reads a message of the queue, which may come from another sender than this software: its free text is redacted.
 *
 * @returns `undefined` when it is not a leak report, or has a token in the place of a name
 */
export function readMessage(body: string): Report | undefined {
  const report = parseJson(body, LeakReport);
  if (report === undefined || namesOf(report).some((name) => containsToken(name))) return undefined;
  const { caller: invoker, reason, ...rest } = report;
  const named = caller(invoker);
  return {
    ...rest,
    ...(named !== undefined && { caller: named }),
    ...(reason !== undefined && { reason: redact(reason) }),
  };
}

/** Reads a message of the queue. @returns `undefined` when it is no leak report @throws when its token cannot be opened */
export type ReadMessage = (record: SQSRecord) => Promise<Report | undefined>;

/** What is not the report of an alert or of ids alone is read by a file beside the bundle. */
export function messageReader(sealing: Sealing): ReadMessage {
  return async (record) => {
    const report = readMessage(record.body);
    if (report !== undefined) return report;
    const { readOtherMessage } = await import('./read-other-message.ts');
    return readOtherMessage(record, sealing);
  };
}

function namesOf({ leak, report_id }: LeakReport): string[] {
  switch (leak.kind) {
    case 'key':
      return [report_id, leak.service_user_id, leak.api_key_id];
    case 'github_alert':
      return [report_id, leak.owner, leak.repo];
    default:
      return leak satisfies never;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isSqsEvent(event: unknown): event is { Records: SQSRecord[] } {
  return z.safeParse(Sqs, event).success;
}
