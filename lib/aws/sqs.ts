import { LeakReport } from '../domain/report.ts';
import { HttpFailure } from '../platform/http.ts';
import { errorFields, log } from '../platform/log.ts';
import { sendRetrying } from '../platform/retry.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

/** The queue did not take a message. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: string;

  constructor(code: string) {
    super(`the queue did not take the report (${code})`);
    this.code = code;
  }
}

/** The queue of leak reports, in SQS. */
export interface Queue {
  /** @param deadline epoch milliseconds @throws {QueueError} */
  send(report: LeakReport, deadline: number): Promise<void>;
}

/** Puts a message on an SQS queue. @param deadline epoch milliseconds @throws {QueueError} */
export type SendMessage = (
  message: object,
  how: { readonly deadline: number; readonly delaySeconds?: number },
) => Promise<void>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, JSON protocol */
export function sqsSender(aws: AwsEnvironment, queueUrl: string): SendMessage {
  const endpoint = aws.endpoint('SQS') ?? new URL(queueUrl).origin;
  return async (message, { deadline, delaySeconds }) => {
    const body = JSON.stringify({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(message),
      ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
    });
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
    };
    const request = await signed(aws, 'sqs', {
      method: 'POST',
      url: new URL(`${endpoint}/`),
      headers,
      body,
    });
    try {
      const { response } = await sendRetrying(request, { deadline, attempts: 4, timeoutMs: 3_000 });
      if (response.status !== 200) throw new QueueError(`HTTP ${response.status}`);
    } catch (error) {
      throw error instanceof HttpFailure ? new QueueError(error.code) : error;
    }
  };
}

/** The queue of leak reports. */
export function sqsQueue(aws: AwsEnvironment, queueUrl: string): Queue {
  const send = sqsSender(aws, queueUrl);
  return {
    // Through the schema: what is not in it, such as a token, does not reach the queue.
    send: async (report, deadline) => send(LeakReport.parse(report), { deadline }),
  };
}

/** Brings a message back sooner than the queue would by itself, after this many seconds; best effort. */
export type RetrySoon = (
  message: { queueArn: string; receiptHandle: string },
  seconds: number,
) => Promise<void>;

/**
 * Seconds until a failed report is tried again: soon at first, since the key may be alive. Later tries are left to the
 * queue's visibility timeout, so that eight of them outlast an outage of most of an hour.
 */
export function retryDelay(attempt: number): number | undefined {
  return attempt <= 4 ? 15 * 2 ** (attempt - 1) : undefined;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
export function sqsRetrySoon(aws: AwsEnvironment): RetrySoon {
  return async ({ queueArn, receiptHandle }, seconds) => {
    try {
      const [, , , region = '', account = '', name = ''] = queueArn.split(':');
      const origin =
        aws.endpoint('SQS') ?? `https://sqs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
      const body = JSON.stringify({
        QueueUrl: `${origin}/${account}/${name}`,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      });
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ChangeMessageVisibility',
      };
      const request = await signed(aws, 'sqs', { method: 'POST', url: new URL(`${origin}/`), headers, body });
      await sendRetrying(request, { deadline: Date.now() + 1_000, attempts: 1, timeoutMs: 1_000 });
    } catch (error) {
      log('warn', 'the message comes back by its visibility timeout', errorFields(error));
    }
  };
}
