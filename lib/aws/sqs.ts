import { LeakReport } from '../domain/report.ts';
import { errorFields, log } from '../platform/log.ts';
import { type AwsAnswer, callAws, jsonRequest } from './call-aws.ts';
import { type AwsEnvironment, sqsUrl } from './environment.ts';

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

/** Sends a message to an SQS queue. @param deadline epoch milliseconds @throws {QueueError} */
export type SendMessage = (
  message: object,
  how: { readonly deadline: number; readonly delaySeconds?: number },
) => Promise<void>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, JSON protocol */
export function sqsSender(aws: AwsEnvironment, queueUrl: string): SendMessage {
  const url = aws.endpoint('SQS') ?? new URL(queueUrl).origin;
  return async (message, { deadline, delaySeconds }) => {
    const input = {
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(message),
      ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
    };
    const { code, status } = await callAws(
      aws,
      { service: 'sqs', url, ...jsonRequest('1.0', 'AmazonSQS.SendMessage', input) },
      { deadline, attempts: 4, timeoutMs: 3_000 },
    );
    if (status !== 200) throw new QueueError(code);
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

/** Makes a message visible again this many seconds from now; best effort. */
export type RetrySoon = (
  message: { queueArn: string; receiptHandle: string },
  seconds: number,
) => Promise<void>;

/**
 * Seconds until a failed report is retried: soon at first, since the key may be alive. Eight attempts outlast an outage of
 * most of an hour.
 */
export function retryDelay(attempt: number): number {
  return attempt <= 4 ? 15 * 2 ** (attempt - 1) : 600;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
export function sqsRetrySoon(aws: AwsEnvironment): RetrySoon {
  return async (message, seconds) => {
    try {
      const { code, status } = await changeVisibility(aws, message, seconds);
      if (status !== 200) log('warn', 'the message returns after its visibility timeout', { code });
    } catch (error) {
      // A message without an ARN, as events by hand are, must not fail its batch.
      log('warn', 'the message returns after its visibility timeout', errorFields(error));
    }
  };
}

function changeVisibility(
  aws: AwsEnvironment,
  { queueArn, receiptHandle }: Parameters<RetrySoon>[0],
  seconds: number,
): Promise<AwsAnswer> {
  const [, , , region = '', account = '', name = ''] = queueArn.split(':');
  const url = sqsUrl(aws, region);
  const input = {
    QueueUrl: `${url}/${account}/${name}`,
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: seconds,
  };
  const request = jsonRequest('1.0', 'AmazonSQS.ChangeMessageVisibility', input);
  const retry = { deadline: Date.now() + 1_000, attempts: 1, timeoutMs: 1_000 };
  return callAws(aws, { service: 'sqs', url, ...request }, retry);
}
