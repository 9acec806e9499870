import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Report } from '../domain/report.ts';
import { caller } from './caller.ts';
import { readMessage } from './read-message.ts';
import { badEvent, readRequest } from './request.ts';
import type { Sealing } from './sealing.ts';
import { warnOfClear } from './warn-of-clear.ts';

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

/** The invocation that brought an event. */
export interface Invocation {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly caller?: string | undefined;
}

/**
 * Reads an event of one of three kinds, which their shapes tell apart.
 *
 * @throws {BadEventError}
 */
export function readEvent(event: unknown, { caller: invoker, now, requestId }: Invocation): Trigger {
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
 * Reads an event as `readEvent` does, and opens the sealed token of one.
 *
 * @throws {BadEventError | DataKeyError | SealedTokenError | ConfigError}
 */
export async function readTrigger(
  event: unknown,
  invocation: Invocation,
  sealing: Sealing,
): Promise<Trigger> {
  if (isRecord(event) && isRecord(event.detail) && event.detail.sealed !== undefined) {
    const { openEvent } = await import('./open-event.ts');
    return readEvent(await openEvent(event, event.detail, sealing), invocation);
  }
  const trigger = readEvent(event, invocation);
  return trigger.kind === 'eventbridge' ? { ...trigger, report: warnOfClear(trigger.report) } : trigger;
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isSqsEvent(event: unknown): event is { Records: SQSRecord[] } {
  return z.safeParse(Sqs, event).success;
}
