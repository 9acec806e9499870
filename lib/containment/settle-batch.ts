import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type RetrySoon, retryDelay } from '../aws/sqs.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { readMessage } from '../intake/event.ts';
import { errorFields, log } from '../platform/log.ts';
import { type BatchPlace, batchBarrier, onlyPlace } from './batch-barrier.ts';
import { keepHidden } from './keep-hidden.ts';

/** Contains one report. `attempt`: how often it was delivered, this time included. */
export type Revoke = (report: Report, attempt: number, place: BatchPlace) => Promise<Outcome>;

/** Works on all messages of a batch at once, each apart from its neighbours, and names those that are not done. */
export async function settleBatch(
  records: readonly SQSRecord[],
  revoke: Revoke,
  retrySoon: RetrySoon,
): Promise<SQSBatchResponse> {
  const places = batchBarrier(
    records.map(
      (record) =>
        <T>(work: Promise<T>) =>
          keepHidden((seconds) => retrySoon(messageOf(record), seconds), work),
    ),
  );
  const done = await Promise.all(
    records.map((record, index) => settle(record, places[index] ?? onlyPlace(), revoke)),
  );
  const failed = records.filter((_, index) => !done[index]);
  await Promise.all(failed.map((record) => bringBack(record, retrySoon)));
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Whether the message may leave the queue. A message that cannot be read stays, for the dead-letter queue. */
async function settle(record: SQSRecord, place: BatchPlace, revoke: Revoke): Promise<boolean> {
  const fields = { message_id: record.messageId };
  try {
    const report = readMessage(record.body);
    if (report === undefined) {
      log('error', 'message is not a leak report', fields);
      return false;
    }
    return isDone(await revoke(report, attemptOf(record), place));
  } catch (error) {
    log('error', 'message failed', { ...fields, ...errorFields(error) });
    return false;
  } finally {
    place.end();
  }
}

/** The key may be alive, so the first retries come soon; the later ones outlast an outage. */
async function bringBack(record: SQSRecord, retrySoon: RetrySoon): Promise<void> {
  await retrySoon(messageOf(record), retryDelay(attemptOf(record)));
}

function messageOf({ eventSourceARN, receiptHandle }: SQSRecord): Parameters<RetrySoon>[0] {
  return { queueArn: eventSourceARN, receiptHandle };
}

function attemptOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount) || 1;
}
