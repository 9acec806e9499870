import type { SandboxAnswer, SandboxRequest, ServerOptions } from '../../../sandbox/http-server.ts';
import type { Scheduler } from './scheduler.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  /** Milliseconds of the world from which on it may be received. */
  visibleAt: number;
  receives: number;
  receipt: string;
}

/** As in serverless.yml and deploy/resources/queues.yml. */
export const VISIBILITY_MS = { leaks: 240_000, backlog: 240_000, sweeps: 5_400_000 };
export const MAX_RECEIVES = { leaks: 8, backlog: 8, sweeps: 5 };
export type QueueName = keyof typeof VISIBILITY_MS;

/** A queue of SQS with its dead letters. */
export class Queue {
  readonly name: QueueName;
  readonly waiting = new Map<string, Message>();
  readonly deadLetters: Message[] = [];
  readonly #scheduler: Scheduler;
  #count = 0;

  constructor(name: QueueName, scheduler: Scheduler) {
    this.name = name;
    this.#scheduler = scheduler;
  }

  send(body: string, delayMs = 0): Message {
    const id = `${this.name}-${++this.#count}`;
    const message = { id, body, visibleAt: this.#scheduler.now + delayMs, receives: 0, receipt: '' };
    this.waiting.set(id, message);
    return message;
  }

  visible(): Message[] {
    return [...this.waiting.values()].filter(({ visibleAt }) => visibleAt <= this.#scheduler.now);
  }

  /** @returns whether it is delivered; one that came too often is a dead letter */
  receive(message: Message): boolean {
    if (message.receives >= MAX_RECEIVES[this.name]) {
      this.waiting.delete(message.id);
      this.deadLetters.push(message);
      return false;
    }
    message.receives += 1;
    message.receipt = `${message.id}#${message.receives}`;
    message.visibleAt = this.#scheduler.now + VISIBILITY_MS[this.name];
    return true;
  }

  /** A receipt that a later delivery replaced is of no effect. */
  hide(receipt: string, seconds: number): boolean {
    const message = [...this.waiting.values()].find((one) => one.receipt === receipt);
    if (message === undefined) return false;
    message.visibleAt = this.#scheduler.now + seconds * 1_000;
    return true;
  }
}

/** The API of SQS, JSON protocol. @param onChange called when a message may be visible sooner than before */
export function queueServer(
  queues: readonly Queue[],
  onChange: (queue: Queue, visibleAt: number) => void,
): ServerOptions {
  return {
    describe: (request) => ({ operation: operationOf(request) }),
    refuse: (status) => ({ status, body: { __type: 'com.amazonaws.sqs#ServiceUnavailable' } }),
    handle: (request) => {
      const input = JSON.parse(request.body.toString());
      const queue = queues.find(({ name }) => String(input.QueueUrl).endsWith(`/${name}`));
      if (queue === undefined) return refused('com.amazonaws.sqs#QueueDoesNotExist');
      if (operationOf(request) === 'SendMessage') {
        const { id, visibleAt } = queue.send(input.MessageBody, (input.DelaySeconds ?? 0) * 1_000);
        onChange(queue, visibleAt);
        return { status: 200, body: { MessageId: id } };
      }
      const isHidden = queue.hide(input.ReceiptHandle, input.VisibilityTimeout);
      for (const { visibleAt } of queue.waiting.values()) onChange(queue, visibleAt);
      return isHidden ? { status: 200, body: {} } : refused('com.amazonaws.sqs#MessageNotInflight');
    },
  };
}

const operationOf = ({ headers }: SandboxRequest) =>
  String(headers['x-amz-target'] ?? '').split('.')[1] ?? '';
const refused = (__type: string): SandboxAnswer => ({ status: 400, body: { __type } });

/** SNS, whose topic only counts. */
export function topicServer(onPublish: (text: string) => void): ServerOptions {
  return {
    describe: () => ({ operation: 'Publish' }),
    refuse: (status) => ({ status, body: '<ErrorResponse/>' }),
    handle: ({ body }) => {
      onPublish(body.toString());
      const content = '<PublishResult><MessageId>1</MessageId></PublishResult>';
      const xmlns = 'http://sns.amazonaws.com/doc/2010-03-31/';
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: `<PublishResponse xmlns="${xmlns}">${content}</PublishResponse>`,
      };
    },
  };
}
