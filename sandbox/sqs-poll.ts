import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { sqsEvent, sqsRecord } from './sqs-event.ts';

/** Answers an `SQSBatchResponse`, or nothing when all went well. */
export type OnBatch = (event: SQSEvent) => Promise<unknown>;

export type PollOptions = {
  /** how long a failed message stays hidden, default 30; 0 = tried again at once */
  visibilityTimeoutSeconds?: number;
  /** default 10 */
  batchSize?: number;
  /** what failed comes back when the function said, as in AWS; otherwise after the time-out above */
  keepsVisibility?: boolean;
};

type Queue = { endpoint: string; queue: string; queueArn: string };
const Message = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  Body: z.string(),
  MD5OfBody: z.string(),
  Attributes: z.optional(z.record(z.string(), z.string())),
});
type Message = z.infer<typeof Message>;
const Received = z.object({ Messages: z.optional(z.array(Message)) });

/**
 * Does what Lambda's event source mapping for SQS does, one batch at a time.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function poll(
  queue: Queue,
  onBatch: OnBatch,
  { visibilityTimeoutSeconds = 30, batchSize = 10, keepsVisibility = false }: PollOptions,
): { stop(): Promise<void> } {
  const stopping = new AbortController();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const messages = await receive(queue, batchSize);
      if (messages.length === 0) {
        await sleep(20, undefined, { signal: stopping.signal }).catch(() => {});
        continue;
      }
      const failed = await failures(messages, () => onBatch(toEvent(messages, queue)));
      await Promise.all(
        messages.map(({ MessageId, ReceiptHandle }) => {
          if (!failed.has(MessageId)) return call(queue, 'DeleteMessage', { ReceiptHandle });
          return keepsVisibility
            ? undefined
            : call(queue, 'ChangeMessageVisibility', {
                ReceiptHandle,
                VisibilityTimeout: visibilityTimeoutSeconds,
              });
        }),
      );
    }
  }

  const running = loop();
  // a failure of the queue itself shows in stop(), and not as an unhandled rejection before
  running.catch(() => {});
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** The ids that failed: none when nothing is reported, all when the report or the function is broken. */
async function failures(messages: Message[], invoke: () => Promise<unknown>): Promise<Set<string>> {
  const all = new Set(messages.map(({ MessageId }) => MessageId));
  try {
    const answer = (await invoke()) as
      | { batchItemFailures?: { itemIdentifier: string }[] | null }
      | null
      | undefined;
    const ids = (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
    return ids.every((id) => all.has(id)) ? new Set(ids) : all;
  } catch {
    return all;
  }
}

async function receive(queue: Queue, batchSize: number): Promise<Message[]> {
  const answer = await call(queue, 'ReceiveMessage', {
    MaxNumberOfMessages: batchSize,
    // hidden for as long as the function may run
    VisibilityTimeout: 900,
    WaitTimeSeconds: 0,
    MessageSystemAttributeNames: ['All'],
  });
  return Received.parse(answer).Messages ?? [];
}

function toEvent(messages: Message[], { queueArn }: Queue): SQSEvent {
  const records = messages.map(({ Attributes = {}, Body, MD5OfBody, MessageId, ReceiptHandle }) =>
    sqsRecord(Body, {
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      md5OfBody: MD5OfBody,
      eventSourceARN: queueArn,
      attributes: {
        ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
        SentTimestamp: Attributes.SentTimestamp ?? '',
        SenderId: Attributes.SenderId ?? '',
        ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
      },
    }),
  );
  return sqsEvent(...records);
}

function call({ endpoint, queue }: Queue, action: string, input: object): Promise<unknown> {
  const body = JSON.stringify({ QueueUrl: `${endpoint}/000000000000/${queue}`, ...input });
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(endpoint, { method: 'POST', headers, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) throw new Error(`${action}: ${response.statusCode} ${text}`);
        resolve(JSON.parse(text || '{}'));
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
