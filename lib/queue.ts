import { type AwsEnvironment, signed } from './aws.ts';
import { HttpFailure } from './http.ts';
import { LeakReport } from './report.ts';
import { sendRetrying } from './retry.ts';

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
