import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type RetrySoon, retryDelay } from '../aws/sqs.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { readMessage } from '../intake/event.ts';
import { errorFields, log } from '../platform/log.ts';
import { type BatchPlace, batchBarrier, onlyPlace } from './batch-barrier.ts';

/** Contains one report. `attempt`: how often it was delivered, this time included. */
export type Revoke = (report: Report, attempt: number, place: BatchPlace) => Promise<Outcome>;

/** Works on all messages of a batch at once, each apart from its neighbours, and names those that are not done. */
export async function settleBatch(
  records: readonly SQSRecord[],
  revoke: Revoke,
  retrySoon: RetrySoon,
): Promise<SQSBatchResponse> {
  const places = batchBarrier(records.length);
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
    const outcome = await revoke(report, attemptOf(record), place);
    // An attempt that is on record need not come back when its sender repeats it.
    const isRecorded = outcome.recorded !== false && outcome.forwarded !== false;
    return isDone(outcome) || (report.redeliver === false && isRecorded);
  } catch (error) {
    log('error', 'message failed', { ...fields, ...errorFields(error) });
    return false;
  } finally {
    place.end();
  }
}

/** The key may be alive, so the first retries come sooner than the queue's visibility timeout. */
async function bringBack(record: SQSRecord, retrySoon: RetrySoon): Promise<void> {
  const seconds = retryDelay(attemptOf(record));
  if (seconds === undefined) return;
  await retrySoon({ queueArn: record.eventSourceARN, receiptHandle: record.receiptHandle }, seconds);
}

function attemptOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount) || 1;
}
