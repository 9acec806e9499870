import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { LeakReport, type Report } from '../domain/report.ts';
import { parseJson } from '../platform/parse-json.ts';
import { caller } from './caller.ts';
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
 * Tells the three kinds of event apart by their shape.
 *
 * @throws {BadEventError}
 */
export function readEvent(
  event: unknown,
  { caller: invoker, now, requestId }: { requestId: string; now: number; caller?: string | undefined },
): Trigger {
  if (isRecord(event) && 'Records' in event) {
    if (!isSqsEvent(event)) throw badEvent(['Records must be the messages of an SQS queue']);
    return { kind: 'sqs', records: event.Records };
  }
  if (isRecord(event) && 'detail-type' in event) {
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

/** @returns `undefined` when the message is not a leak report */
export function readMessage(body: string): Report | undefined {
  return parseJson(body, LeakReport);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isSqsEvent(event: unknown): event is { Records: SQSRecord[] } {
  return z.safeParse(Sqs, event).success;
}
