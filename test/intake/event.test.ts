import type { EventBridgeEvent, SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeakReport } from '../../lib/domain/report.ts';
import { readEvent } from '../../lib/intake/event.ts';
import { readMessage } from '../../lib/intake/read-message.ts';
import { BadEventError } from '../../lib/intake/request.ts';

const NOW = Date.UTC(2026, 10, 23, 8, 42, 22);
const invocation = { requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', now: NOW };
const ids = { service_user_id: 'service-user-0a1b2c', api_key_id: 'key-3d4e5f' };

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
const sqsEvent = (bodies: string[] = ['{}']): SQSEvent => ({
  Records: bodies.map((body, index) => ({
    messageId: `059f36b4-87a3-44ab-83d2-66197500000${index}`,
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1545082649183',
      SenderId: 'AIDAIENQZJOLO23YVJ4VO',
      ApproximateFirstReceiveTimestamp: '1545082649185',
    },
    messageAttributes: {},
    md5OfBody: '098f6bcd4621d373cade4e832627b4f6',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:leaks',
    awsRegion: 'us-east-1',
  })),
});

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
const bridged = <T>(detail: T): EventBridgeEvent<string, T> => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'Devin API key leaked',
  source: 'example.scanner',
  account: '123456789012',
  time: '2026-11-23T08:42:00Z',
  region: 'us-east-1',
  resources: [],
  detail,
});

describe('an event', () => {
  test.each([[['{}']], [['a', 'b', 'c']], [[]]])('of SQS is its messages, unread: %j', (bodies) => {
    const event = sqsEvent(bodies);
    expect(readEvent(event, invocation)).toEqual({ kind: 'sqs', records: event.Records });
  });

  test('of EventBridge is a report with its own id and time', () => {
    expect(readEvent(bridged({ ...ids, reason: 'seen' }), invocation)).toEqual({
      kind: 'eventbridge',
      report: {
        version: 1,
        report_id: 'eventbridge/6a7e8feb-b491-4cf7-a9f1-bf3703467718',
        detector: 'eventbridge',
        invoked_by: 'event',
        caller: 'example.scanner',
        reported_at: Date.parse('2026-11-23T08:42:00Z'),
        seen_at: NOW,
        leak: { kind: 'key', ...ids },
        reason: 'seen',
      },
    });
  });

  test('of anything else is a request of the console', () => {
    expect(readEvent({ ...ids, dry_run: true }, invocation)).toEqual({
      kind: 'direct',
      report: {
        version: 1,
        report_id: `console/${invocation.requestId}`,
        detector: 'console',
        invoked_by: 'console',
        reported_at: NOW,
        seen_at: NOW,
        leak: { kind: 'key', ...ids },
        dry_run: true,
      },
    });
  });
});

describe('a bad event', () => {
  const other = 'Records must be the messages of an SQS queue';
  const change = (field: string, value: unknown) => {
    const [record] = sqsEvent().Records;
    return { Records: [{ ...record, [field]: value }] };
  };

  test.each<[string, unknown, string]>([
    ['records of S3', change('eventSource', 'aws:s3'), other],
    ['records without a body', change('body', undefined), other],
    ['records without an id', change('messageId', undefined), other],
    ['records without attributes', change('attributes', undefined), other],
    ['records that are no list', { Records: 'x' }, other],
    ['records that are nothing', { Records: null, ...ids }, other],
    [
      'EventBridge without an id',
      { ...bridged(ids), id: undefined },
      'id is not that of an EventBridge event',
    ],
    [
      'EventBridge with nothing of its own',
      { 'detail-type': 1, detail: ids },
      ['id', 'time', 'detail-type'].map((name) => `${name} is not that of an EventBridge event`).join('; '),
    ],
    ['a time that is none', { ...bridged(ids), time: 'now' }, 'time is not that of an EventBridge event'],
    ['an id that is no path', { ...bridged(ids), id: '../x' }, 'id is not an event id'],
    ['no detail', bridged(undefined), 'the event must be an object'],
    ['a misspelt detail', bridged({ ...ids, dryRun: true }), 'dryRun is not a known field'],
    ['nothing', null, 'the event must be an object'],
    ['text', 'text', 'the event must be an object'],
    ['a list', [], 'the event must be an object'],
  ])('is %s', (_title, event, message) => {
    expect(() => readEvent(event, invocation)).toThrow(new BadEventError(`bad event: ${message}`));
  });

  test('is the only thing that is thrown, whatever the event is', () => {
    const event = fc.oneof(
      fc.jsonValue(),
      fc.record({ Records: fc.jsonValue() }),
      fc.record({
        'detail-type': fc.jsonValue(),
        id: fc.string(),
        time: fc.string(),
        detail: fc.jsonValue(),
      }),
    );
    fc.assert(
      fc.property(event, (value) => {
        try {
          readEvent(value, invocation);
        } catch (error) {
          expect(error).toBeInstanceOf(BadEventError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a message', () => {
  const report: LeakReport = {
    version: 1,
    report_id: 'github/acme/webshop/7/created/20261123T084220000Z',
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: NOW - 2_000,
    leaked_at: NOW - 20_000,
    seen_at: NOW,
    leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 7 },
    reason: 'seen',
    dry_run: true,
  };

  test.each<[string, LeakReport]>([
    ['an alert', report],
    ['a key', { ...report, detector: 'sweep', invoked_by: 'schedule', leak: { kind: 'key', ...ids } }],
  ])('of %s is the report that was sent', (_title, sent) => {
    expect(readMessage(JSON.stringify(sent))).toEqual(sent);
  });

  test('of a newer sender is read without the fields that nobody knows', () => {
    expect(readMessage(JSON.stringify({ ...report, token: 'x', new_field: 1 }))).toEqual(report);
  });

  // Put together here, so that no scanner takes this file for a leak.
  const body = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
  const token = ['cog', body].join('_');

  test.each([token, body])(
    'of a sender that put a token into the reason or the caller is read without it: %#',
    (secret) => {
      const sent = { ...report, reason: `found ${secret} there`, caller: `bot/${secret}` };
      expect(readMessage(JSON.stringify(sent))).toEqual({ ...report, reason: 'found [redacted] there' });
    },
  );

  test.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...report, version: 2 })],
    ['a token', JSON.stringify({ ...report, leak: { kind: 'token' } })],
    ['a hostile id', JSON.stringify({ ...report, leak: { kind: 'key', ...ids, api_key_id: '../x' } })],
    ['a hostile report id', JSON.stringify({ ...report, report_id: 'github/../x' })],
    ['no report id', JSON.stringify({ ...report, report_id: undefined })],
    ['a token as report id', JSON.stringify({ ...report, report_id: `github/${token}` })],
    ['a token as repository', JSON.stringify({ ...report, leak: { ...report.leak, repo: token } })],
    ['a token as owner', JSON.stringify({ ...report, leak: { ...report.leak, owner: body } })],
    ['a token as key', JSON.stringify({ ...report, leak: { kind: 'key', ...ids, api_key_id: body } })],
    [
      'a token as service user',
      JSON.stringify({ ...report, leak: { kind: 'key', ...ids, service_user_id: `service-user-${body}` } }),
    ],
  ])('that holds %s is no report', (_title, body) => {
    expect(readMessage(body)).toBeUndefined();
  });

  test('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(readMessage(body)).toBeUndefined();
      }),
    );
  });
});
