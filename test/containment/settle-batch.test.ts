import type { SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { retryDelay, sqsRetrySoon } from '../../lib/aws/sqs.ts';
import { AFTERWARDS_SECONDS, HIDDEN_SECONDS } from '../../lib/containment/keep-hidden.ts';
import { settleBatch } from '../../lib/containment/settle-batch.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { messageReader } from '../../lib/intake/event.ts';
import { sleep } from '../../lib/platform/retry.ts';
import { startServer } from '../../sandbox/http-server.ts';
import { sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const report = {
  version: 1,
  report_id: 'github/acme/web/1/created/20260730T082640000Z',
  detector: 'github',
  invoked_by: 'webhook',
  reported_at: 0,
  seen_at: 0,
  leak: { kind: 'github_alert', owner: 'acme', repo: 'web', number: 1 },
};

const message = (messageId: string, receiveCount = 1, body: unknown = report): SQSRecord =>
  sqsRecord(body, {
    messageId,
    receiveCount,
    receiptHandle: `handle of ${messageId}`,
    eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:leaks',
  });

const readMessage = messageReader({ aws: awsEnvironment({}), keyId: undefined });

const done: Outcome = { status: 'not_found', report_id: report.report_id, reason: 'gone', recorded: true };
const failed: Outcome = {
  status: 'failed',
  report_id: report.report_id,
  reason: 'HTTP 500',
  retryable: true,
};

test('a batch names what is not done, and brings it back soon', async () => {
  const soon: unknown[] = [];
  const answer = await settleBatch(
    [
      message('done', 1, { ...report, report_id: 'github/done/1' }),
      message('failed'),
      message('thrown', 3),
      message('unreadable', 1, {}),
      message('late', 5),
    ],
    async ({ report_id }, attempt) => {
      if (attempt === 3) throw new Error('a bug');
      return report_id.endsWith('1') ? done : failed;
    },
    async (which, seconds) => {
      soon.push([which.receiptHandle, seconds]);
    },
    readMessage,
  );

  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    'failed',
    'thrown',
    'unreadable',
    'late',
  ]);
  // In the order in which they ended.
  expect(new Set(soon)).toEqual(
    new Set([
      ['handle of failed', 15],
      ['handle of thrown', 60],
      ['handle of unreadable', 15],
      ['handle of late', 600],
    ]),
  );
});

test('what failed comes back at once, and not when a neighbour that takes 100 s has ended', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const began = Date.now();
  const back: [string, number][] = [];
  let endedAfter = 0;
  const batch = [message('slow', 2), message('failed'), message('thrown', 3), message('unreadable', 1, {})];
  const answer = settleBatch(
    batch,
    async (_report, attempt) => {
      if (attempt === 2) await sleep(100_000);
      if (attempt === 3) throw new Error('a bug');
      return attempt === 2 ? done : failed;
    },
    async ({ receiptHandle }) => {
      back.push([receiptHandle, Date.now() - began]);
    },
    readMessage,
  );
  answer.then(() => {
    endedAfter = Date.now() - began;
  });
  await vi.advanceTimersByTimeAsync(120_000);

  expect(new Map(back)).toEqual(
    new Map([
      ['handle of failed', 0],
      ['handle of thrown', 0],
      ['handle of unreadable', 0],
    ]),
  );
  expect(endedAfter).toBe(100_000);
  expect((await answer).batchItemFailures).toHaveLength(3);
});

test('a message that cannot be read, and one that fails by a bug, are logged by their ids', async () => {
  await settleBatch(
    [message('unreadable', 1, {}), message('thrown')],
    async () => {
      throw new TypeError('a bug');
    },
    async () => {},
    readMessage,
  );

  expect(output.entries()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ message: 'message is not a leak report', message_id: 'unreadable' }),
      expect.objectContaining({ message: 'message failed', message_id: 'thrown', error: 'TypeError' }),
    ]),
  );
});

test.each([
  ['not before an attempt can be of use', 30_000, 31],
  ['soon after a time that is over', -60_000, 1],
  ['within the time that the queue allows', 100_000_000, 43_200],
])('what waits for a rate limit comes back %s', async (_, ms, seconds) => {
  vi.useFakeTimers({ now: 1_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const soon: unknown[] = [];
  const limited: Outcome = { ...failed, retry_at: Date.now() + ms };
  await settleBatch(
    [message('limited', 3)],
    async () => limited,
    async (which, after) => void soon.push([which.receiptHandle, after]),
    readMessage,
  );

  expect(soon).toEqual([['handle of limited', seconds]]);
});

test('a report that waits for its neighbours goes on when the last one has ended, however that ended', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const began = Date.now();
  const went: number[] = [];
  const batch = [message('waits', 2), message('slow'), message('thrown', 3), message('unreadable', 1, {})];
  const answer = settleBatch(
    batch,
    async (_report, attempt, place) => {
      if (attempt === 2) {
        await place.waitForOthers(began + 60_000);
        went.push(Date.now() - began);
      }
      if (attempt === 3) throw new Error('a bug');
      if (attempt === 1) await sleep(5_000);
      return done;
    },
    async () => {},
    readMessage,
  );
  await vi.advanceTimersByTimeAsync(60_000);
  await answer;

  expect(went).toEqual([5_000]);
});

test('a report hides its own message while it works for long', async () => {
  const hidden: unknown[] = [];
  await settleBatch(
    [message('long', 2), message('short')],
    async (_report, attempt, place) => (attempt === 2 ? place.whileHidden(Promise.resolve(done)) : done),
    async ({ receiptHandle }, seconds) => void hidden.push([receiptHandle, seconds]),
    readMessage,
  );

  expect(hidden).toEqual([
    ['handle of long', HIDDEN_SECONDS],
    ['handle of long', AFTERWARDS_SECONDS],
  ]);
});

test('tries come quickly at first, and later ones outlast an outage', () => {
  expect([1, 2, 3, 4, 5, 8].map(retryDelay)).toEqual([15, 30, 60, 120, 600, 600]);
});

test('a message is brought back by the receipt and the queue that it came with', async () => {
  const bodies: unknown[] = [];
  const server = await startServer({
    handle: ({ body, headers }) => {
      bodies.push([headers['x-amz-target'], JSON.parse(body.toString())]);
      return { status: 200, body: {} };
    },
  });

  const retrySoon = sqsRetrySoon(awsEnvironment({ AWS_ENDPOINT_URL_SQS: server.url }));
  await retrySoon({ queueArn: message('m').eventSourceARN, receiptHandle: 'handle' }, 15);
  await server.stop();

  expect(bodies).toEqual([
    [
      'AmazonSQS.ChangeMessageVisibility',
      { QueueUrl: `${server.url}/111122223333/leaks`, ReceiptHandle: 'handle', VisibilityTimeout: 15 },
    ],
  ]);
});

test('a queue that does not answer leaves the message to its visibility timeout', async () => {
  const retrySoon = sqsRetrySoon(awsEnvironment({ AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9' }));

  await expect(retrySoon({ queueArn: '', receiptHandle: 'handle' }, 15)).resolves.toBeUndefined();
  expect(output.entries()).toMatchObject([{ level: 'warn', code: 'ECONNREFUSED' }]);
});

test.each([
  ['failed and is on record', { ...failed, recorded: true }, []],
  ['failed and is not on record', { ...failed, recorded: false }, ['1']],
  ['failed and is not in the SIEM', { ...failed, forwarded: false }, ['1']],
  ['ended and is not on record', { ...done, recorded: false }, ['1']],
] as const)(
  'a report that its sender repeats and that %s: its message comes back if that is not on record',
  async (_what, outcome, expected) => {
    const answer = await settleBatch(
      [message('1', 1, { ...report, redeliver: false })],
      async () => outcome,
      async () => {},
      readMessage,
    );

    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(expected);
  },
);
