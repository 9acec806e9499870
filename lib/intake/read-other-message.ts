import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { redact } from '../domain/redact.ts';
import type { Report } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';
import { log } from '../platform/log.ts';
import { parseJson } from '../platform/parse-json.ts';
import { caller } from './caller.ts';
import { openRequest } from './open-request.ts';
import { readMessage } from './read-message.ts';
import { BadEventError, readRequest } from './request.ts';
import { SealedReport } from './sealed-report.ts';
import { openSealed, type Sealing } from './sealing.ts';
import { warnOfClear } from './warn-of-clear.ts';

// Beside the worker's bundle: the reports of alerts and of ids alone need none of it.

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const Notification = z.object({
  Type: z.literal('Notification'),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string().check(z.refine((value) => !Number.isNaN(Date.parse(value)))),
});
const AnyObject = z.looseObject({});

/** What a sender put on the queue or on the topic, and by what it is known when it is delivered again. */
interface Sent {
  readonly body: string;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly caller?: string | undefined;
}

/**
 * Reads a message that is not the report of an alert or of ids alone: one with a sealed token, a request of another sender,
 * or either of them as the notification of an SNS topic.
 *
 * @returns `undefined` when it is no leak report
 * @throws {DataKeyError | SealedTokenError | ConfigError}
 */
export async function readOtherMessage(record: SQSRecord, sealing: Sealing): Promise<Report | undefined> {
  const sent = sentBy(record);
  const report = parseJson(sent.body, SealedReport);
  if (report !== undefined) return openReport(report, sealing);
  const queued = readMessage(sent.body);
  if (queued !== undefined) return queued;
  const request = parseJson(sent.body, AnyObject);
  if (request === undefined) return undefined;
  try {
    return await readSent(request, sent, sealing);
  } catch (error) {
    if (!(error instanceof BadEventError)) throw error;
    log('error', 'message refused', { message_id: record.messageId, reason: error.message });
    return undefined;
  }
}

/** A topic with raw delivery sends the body as it is. */
function sentBy({ attributes, body, messageId }: SQSRecord): Sent {
  const notification = parseJson(body, Notification);
  if (notification === undefined) {
    return { body, id: messageId, time: Number(attributes.SentTimestamp) || Date.now() };
  }
  const { Message, MessageId, Timestamp, TopicArn } = notification;
  return { body: Message, id: MessageId, time: Date.parse(Timestamp), caller: caller(TopicArn) };
}

async function readSent(
  request: Readonly<Record<string, unknown>>,
  { caller: sender, id, time }: Sent,
  sealing: Sealing,
): Promise<Report> {
  const origin = { detector: 'queue', invoked_by: 'event', id, time, caller: sender } as const;
  if (request.sealed === undefined) return warnOfClear(readRequest(request, origin));
  const opened = await openRequest(request, 'queue/', sealing);
  return readRequest(opened.request, { ...origin, id: opened.id });
}

async function openReport(
  { caller: sender, reason, sealed, ...report }: SealedReport,
  sealing: Sealing,
): Promise<Report | undefined> {
  // Sealed for another report, it cannot be opened either.
  if (sealed.report_id !== report.report_id || containsToken(report.report_id)) return undefined;
  const token = await openSealed(sealed, sealing);
  const named = caller(sender);
  return {
    ...report,
    version: 1,
    token,
    ...(named !== undefined && { caller: named }),
    ...(reason !== undefined && { reason: redact(reason, [token]) }),
  };
}
