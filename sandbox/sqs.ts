import { request as httpRequest } from 'node:http';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';
import { type OnBatch, type PollOptions, poll } from './sqs-poll.ts';

export type SqsOptions = {
  latencyMs?: number;
  /** as in serverless.yml */
  maxReceiveCount?: number;
  /** when given, requests have to be signed with them */
  credentials?: AwsCredentials | undefined;
};

export type Sqs = Awaited<ReturnType<typeof startSqs>>;

const QUEUE = 'leaks';
const DEAD_LETTERS = 'leaks-dead-letters';
/** what may wait: the backlog of alerts, and the revocations of a sweep of the keys */
const BACKLOG = 'backlog';
/** continuations of a sweep that takes more than one invocation */
const SWEEPS = 'sweeps';

/** `fauxqs` with the queue "leaks" and its dead-letter queue, behind a front that logs and fails on demand. */
export async function startSqs(options: SqsOptions = {}) {
  const knobs: ServerKnobs = { latencyMs: options.latencyMs ?? 0, onRequest: undefined };
  const fauxqs = await startFauxqs({
    port: 0,
    logger: false,
    defaultRegion: 'us-east-1',
    messageSpies: { bufferSize: 100_000 },
  });
  const { queueArn: deadLetterTargetArn } = fauxqs.createQueue(DEAD_LETTERS);
  const attributes = {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: options.maxReceiveCount ?? 8 }),
  };
  const { queueArn } = fauxqs.createQueue(QUEUE, { attributes });
  const { queueArn: backlogArn } = fauxqs.createQueue(BACKLOG, { attributes });
  const { queueArn: sweepsArn } = fauxqs.createQueue(SWEEPS);

  const server = await startServer({
    knobs,
    describe: (request) => ({ operation: operationOf(request) }),
    refuse: (status) => ({
      status,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({
        __type: 'com.amazonaws.sqs#ServiceUnavailable',
        message: 'Refused by the sandbox',
      }),
    }),
    handle: (request) => {
      const problem = signatureProblem(request, 'sqs', options.credentials);
      if (problem === undefined) return forward(fauxqs.address, request);
      const body = { __type: 'com.amazon.coral.service#InvalidSignatureException', message: problem };
      return { status: 403, body };
    },
  });
  const pollers: { stop(): Promise<void> }[] = [];

  return Object.assign(knobs, server, {
    queueUrl: `${server.url}/000000000000/${QUEUE}`,
    deadLetterQueueUrl: `${server.url}/000000000000/${DEAD_LETTERS}`,
    backlogQueueUrl: `${server.url}/000000000000/${BACKLOG}`,
    sweepQueueUrl: `${server.url}/000000000000/${SWEEPS}`,
    /** the bodies that are on "sweeps" now, delayed, in flight or not */
    sweepsWaiting: (): string[] => peek(fauxqs, SWEEPS),
    /** the event source mapping of "sweeps", whose batches hold one message */
    pollSweeps: (onBatch: OnBatch, how: PollOptions = {}) => {
      const queue = { endpoint: fauxqs.address, queue: SWEEPS, queueArn: sweepsArn };
      const poller = poll(queue, onBatch, { batchSize: 1, ...how });
      pollers.push(poller);
      return poller;
    },
    /** the bodies of all messages that were ever sent to "leaks", consumed or not */
    sent: (): string[] => bodies(fauxqs, QUEUE),
    /** the same for "backlog" */
    backlogSent: (): string[] => bodies(fauxqs, BACKLOG),
    /** the bodies that are on "backlog" now, delayed, in flight or not */
    backlogWaiting: (): string[] => peek(fauxqs, BACKLOG),
    /** those of them that a worker may take now */
    backlogReady: (): string[] => fauxqs.inspectQueue(BACKLOG)?.messages.ready.map(({ body }) => body) ?? [],
    /** the event source mapping of "backlog" */
    pollBacklog: (onBatch: OnBatch, how: PollOptions = {}) => {
      const poller = poll({ endpoint: fauxqs.address, queue: BACKLOG, queueArn: backlogArn }, onBatch, how);
      pollers.push(poller);
      return poller;
    },
    /** the bodies that are on "leaks" now, in flight or not */
    waiting: (): string[] => peek(fauxqs, QUEUE),
    deadLetters: (): string[] => peek(fauxqs, DEAD_LETTERS),
    /** puts a message on "leaks", past the front */
    send: (body: string): string => fauxqs.sendMessage(QUEUE, body).messageId,
    /** the same on "backlog" */
    sendBacklog: (body: string): string => fauxqs.sendMessage(BACKLOG, body).messageId,
    /** An event source mapping: feeds batches to `onBatch` until it is stopped. */
    poll: (onBatch: OnBatch, how: PollOptions = {}) => {
      const poller = poll({ endpoint: fauxqs.address, queue: QUEUE, queueArn }, onBatch, how);
      pollers.push(poller);
      return poller;
    },
    stop: async (): Promise<void> => {
      await Promise.all(pollers.map((poller) => poller.stop()));
      await server.stop();
      await fauxqs.stop();
    },
  });
}

function bodies(fauxqs: FauxqsServer, queue: string): string[] {
  return fauxqs.spy
    .getAllMessages()
    .flatMap((message) =>
      message.service === 'sqs' && message.queueName === queue && message.status === 'published'
        ? [message.body]
        : [],
    );
}

function peek(fauxqs: FauxqsServer, queue: string): string[] {
  const messages = fauxqs.inspectQueue(queue)?.messages;
  if (messages === undefined) return [];
  const inFlight = messages.inflight.map(({ message }) => message);
  return [...messages.ready, ...messages.delayed, ...inFlight].map(({ body }) => body);
}

const operationOf = (request: SandboxRequest) =>
  /^AmazonSQS\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? 'unknown';

/** The service answers at any path, `fauxqs` at the root alone. */
function forward(origin: string, request: SandboxRequest): Promise<SandboxAnswer> {
  return new Promise((resolve, reject) => {
    const { method, body } = request;
    const headers = { ...request.headers, 'content-length': body.length };
    const outgoing = httpRequest(origin, { method, headers, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const type = response.headers['content-type'] ?? 'application/x-amz-json-1.0';
        const error = response.headers['x-amzn-query-error'];
        const kept = { 'content-type': type, ...(error && { 'x-amzn-query-error': String(error) }) };
        resolve({ status: response.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
