import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { QueueError, sqsQueue } from '../../lib/aws/sqs.ts';
import { LeakReport } from '../../lib/domain/report.ts';
import { type Sqs, startSqs } from '../../sandbox/sqs.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
const report: LeakReport = {
  version: 1,
  report_id: 'github/acme/webshop/7/created/20261123T084220000Z',
  detector: 'github',
  invoked_by: 'webhook',
  reported_at: Date.UTC(2026, 10, 23),
  seen_at: Date.UTC(2026, 10, 23),
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 7 },
  reason: 'sägt wer?',
};

let sqs: Sqs;

beforeEach(async () => {
  sqs = await startSqs({ credentials });
});
afterEach(() => sqs.stop());

const queue = (env: Record<string, string> = {}) =>
  sqsQueue(
    awsEnvironment({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      ...env,
    }),
    sqs.queueUrl,
  );
const soon = () => Date.now() + 5_000;

describe('the queue', () => {
  test.each([
    ['at the address of its own', () => ({})],
    ['at the endpoint of the service', () => ({ AWS_ENDPOINT_URL_SQS: sqs.url })],
    ['at the endpoint of all services', () => ({ AWS_ENDPOINT_URL: sqs.url })],
  ])('takes a report %s', async (_title, env) => {
    await queue(env()).send(report, soon());
    expect(sqs.waiting().map((body) => LeakReport.parse(JSON.parse(body)))).toEqual([report]);
  });

  test('takes nothing but what belongs to a report', async () => {
    const more = { ...report, token: 'S3cret', leak: { ...report.leak, secret: 'S3cret' } };
    await queue().send(more, soon());
    expect(sqs.waiting().map((body) => JSON.parse(body))).toEqual([report]);
  });

  test('is not called for what is no report', async () => {
    await expect(queue().send({ ...report, report_id: '../x' }, soon())).rejects.toThrow();
    expect(sqs.requests).toEqual([]);
  });

  test.each([
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['a broken connection', { reset: 'before' as const }],
  ])('is tried again after %s', async (_title, fault) => {
    sqs.fault(fault);
    await queue().send(report, soon());
    expect(sqs.waiting()).toHaveLength(1);
    expect(sqs.requests).toHaveLength(2);
  });

  test.each([
    ['down', { status: 503 }, 'HTTP 503', 4],
    ['unreachable', { reset: 'before' as const }, 'ECONNRESET', 4],
    ['refusing', { status: 400 }, 'HTTP 400', 1],
  ])('that is %s is an error', async (_title, fault, code, attempts) => {
    sqs.fault({ ...fault, times: Number.POSITIVE_INFINITY });
    await expect(queue().send(report, soon())).rejects.toEqual(new QueueError(code));
    expect(sqs.requests).toHaveLength(attempts);
    expect(sqs.sent()).toEqual([]);
  });

  test('that hangs is an error within the time', async () => {
    sqs.fault({ delayMs: 30_000, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    await expect(queue().send(report, start + 200)).rejects.toEqual(new QueueError('timeout'));
    expect(Date.now() - start).toBeLessThan(1_500);
  });

  test('that does not know us is an error', async () => {
    await expect(queue({ AWS_SECRET_ACCESS_KEY: 'another' }).send(report, soon())).rejects.toEqual(
      new QueueError('HTTP 403'),
    );
    expect(sqs.sent()).toEqual([]);
  });
});
