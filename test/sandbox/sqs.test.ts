import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sqs, startSqs } from '../../sandbox/sqs.ts';

let sqs: Sqs;

beforeEach(async () => {
  sqs = await startSqs({ maxReceiveCount: 3 });
});

afterEach(() => sqs.stop());

const bodies = ({ Records }: SQSEvent) => Records.map(({ body }) => body);

describe('the queue', () => {
  test('takes messages at its own address and can fail', async () => {
    const post = () =>
      fetch(sqs.queueUrl, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.SendMessage',
        },
        body: JSON.stringify({ QueueUrl: sqs.queueUrl, MessageBody: 'hello' }),
      });
    sqs.fault({ operation: 'SendMessage', status: 503 });
    expect((await post()).status).toBe(503);
    expect(sqs.sent()).toEqual([]);
    expect((await post()).status).toBe(200);
    expect([sqs.sent(), sqs.waiting()]).toEqual([['hello'], ['hello']]);
  });
});

describe('the event source mapping', () => {
  test('deletes what succeeded and tries the reported items again', async () => {
    for (const body of ['a', 'b', 'c']) sqs.send(body);
    const batches: string[][] = [];
    const poller = sqs.poll(
      async (event) => {
        batches.push(bodies(event));
        const failed = event.Records.filter(
          ({ body, attributes }) => body === 'b' && attributes.ApproximateReceiveCount === '1',
        );
        return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      },
      { visibilityTimeoutSeconds: 0 },
    );
    await expect.poll(() => sqs.waiting()).toEqual([]);
    await poller.stop();
    expect(batches).toEqual([['a', 'b', 'c'], ['b']]);
    expect(sqs.sent()).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['the function throws', () => Promise.reject(new Error('broken'))],
    ['an unknown item is reported', async () => ({ batchItemFailures: [{ itemIdentifier: 'unknown' }] })],
    ['the report has another shape', async () => ({ batchItemFailures: 'all' })],
  ])('fails the whole batch when %s, and ends in the dead-letter queue', async (_title, answer) => {
    sqs.send('a');
    sqs.send('b');
    let batches = 0;
    const poller = sqs.poll(
      () => {
        batches += 1;
        return answer();
      },
      { visibilityTimeoutSeconds: 0 },
    );
    await expect.poll(() => sqs.deadLetters().sort()).toEqual(['a', 'b']);
    await poller.stop();
    expect(batches).toBe(3);
    expect(sqs.waiting()).toEqual([]);
  });

  test('hides a failed message for the visibility timeout and respects the batch size', async () => {
    for (const body of ['a', 'b', 'c']) sqs.send(body);
    const batches: string[][] = [];
    const poller = sqs.poll(
      async (event) => {
        batches.push(bodies(event));
        throw new Error('broken');
      },
      { batchSize: 2, visibilityTimeoutSeconds: 60 },
    );
    await expect.poll(() => batches.length).toBe(2);
    await poller.stop();
    expect(batches).toEqual([['a', 'b'], ['c']]);
    expect(sqs.waiting()).toHaveLength(3);
  });
});
