import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type RetrySoon, retryDelay } from '../aws/sqs.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { ReadMessage } from '../intake/event.ts';
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
  read: ReadMessage,
): Promise<SQSBatchResponse> {
  const places = batchBarrier(
    records.map(
      (record) =>
        <T>(work: Promise<T>) =>
          keepHidden((seconds) => retrySoon(messageOf(record), seconds), work),
    ),
  );
  const failures = await Promise.all(
    records.map(async (record, index) => {
      const { isDone, retryAt } = await settle(record, places[index] ?? onlyPlace(), revoke, read);
      if (isDone) return [];
      // At once: what failed must not wait for a neighbour that takes long, and then for its own delay.
      await bringBack(record, retryAt, retrySoon);
      return [{ itemIdentifier: record.messageId }];
    }),
  );
  return { batchItemFailures: failures.flat() };
}

interface Settled {
  /** The message may leave the queue. A message that cannot be read stays, for the dead-letter queue. */
  readonly isDone: boolean;
  /** Epoch milliseconds before which another attempt is of no use. */
  readonly retryAt?: number | undefined;
}

async function settle(
  record: SQSRecord,
  place: BatchPlace,
  revoke: Revoke,
  read: ReadMessage,
): Promise<Settled> {
  const fields = { message_id: record.messageId };
  try {
    const report = await read(record);
    if (report === undefined) {
      log('error', 'message is not a leak report', fields);
      return { isDone: false };
    }
    const outcome = await revoke(report, attemptOf(record), place);
    // An attempt that is on record need not come back when its sender repeats it.
    const isRecorded = outcome.recorded !== false && outcome.forwarded !== false;
    return {
      isDone: isDone(outcome) || (report.redeliver === false && isRecorded),
      retryAt: outcome.status === 'failed' ? outcome.retry_at : undefined,
    };
  } catch (error) {
    log('error', 'message failed', { ...fields, ...errorFields(error) });
    return { isDone: false };
  } finally {
    place.end();
  }
}

/** SQS takes no longer time than this, seconds. */
const MAX_VISIBILITY = 43_200;

/**
 * The key may be alive, so the first retries come soon, and the later ones outlast an outage; and not before an attempt
 * can be of use. A rate limit costs one receive for the whole wait, so that eight of them outlast any.
 */
async function bringBack(
  record: SQSRecord,
  retryAt: number | undefined,
  retrySoon: RetrySoon,
): Promise<void> {
  const wait = retryAt === undefined ? undefined : Math.ceil((retryAt - Date.now()) / 1_000) + 1;
  const seconds =
    wait === undefined ? retryDelay(attemptOf(record)) : Math.min(MAX_VISIBILITY, Math.max(1, wait));
  await retrySoon(messageOf(record), seconds);
}

function messageOf({ eventSourceARN, receiptHandle }: SQSRecord): Parameters<RetrySoon>[0] {
  return { queueArn: eventSourceARN, receiptHandle };
}

function attemptOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount) || 1;
}
