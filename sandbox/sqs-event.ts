import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { AlertName } from './github.ts';

/** What a record may differ in; `receiveCount` is how often the queue has delivered it, this time included. */
export type RecordChanges = Partial<Omit<SQSRecord, 'body'>> & { receiveCount?: number };

/** Messages of the leak queue, as Lambda's event source mapping hands them over. */
export function sqsEvent(...records: SQSRecord[]): SQSEvent {
  return { Records: records };
}

/**
 * One message of the queue, in the shape of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 *
 * @param body text, or what is to be sent as JSON
 */
export function sqsRecord(body: unknown, { receiveCount = 1, ...changes }: RecordChanges = {}): SQSRecord {
  return {
    messageId: 'message-1',
    receiptHandle: 'handle',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(Date.now()),
      SenderId: 'AIDAIENQZJOLO23YVJ4VO',
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:leaks',
    awsRegion: 'us-east-1',
    ...changes,
  };
}

/** The report that the webhook makes of an alert; the same alert makes a report with the same id each time. */
export function alertReport({ owner, repo, number }: AlertName) {
  return {
    version: 1,
    report_id: `github/${owner}/${repo}/${number}/created/20260730T082640000Z`,
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: Date.parse('2026-07-30T08:26:40Z'),
    seen_at: Date.now(),
    leak: { kind: 'github_alert', owner, repo, number },
  } as const;
}
