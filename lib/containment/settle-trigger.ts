import type { SQSBatchResponse } from 'aws-lambda';
import type { RetrySoon } from '../aws/sqs.ts';
import { isDone, type Outcome } from '../domain/outcome.ts';
import type { ReadMessage, Trigger } from '../intake/event.ts';
import { log } from '../platform/log.ts';
import { measure } from '../platform/metrics.ts';
import { onlyPlace } from './batch-barrier.ts';
import { type Revoke, settleBatch } from './settle-batch.ts';

/**
 * Contains the reports of one invocation, and answers as its trigger expects.
 *
 * @throws {NotDoneError} for an EventBridge event whose report is to be retried
 */
export async function settleTrigger(
  trigger: Trigger,
  revoke: Revoke,
  retrySoon: RetrySoon,
  read: ReadMessage,
): Promise<Outcome | SQSBatchResponse> {
  const revokeAndLog: Revoke = async (report, attempt, place) => {
    const outcome = await revoke(report, attempt, place);
    logEnd(outcome, attempt);
    return outcome;
  };
  switch (trigger.kind) {
    case 'sqs':
      return settleBatch(trigger.records, revokeAndLog, retrySoon, read);
    case 'eventbridge': {
      const outcome = await revokeAndLog(trigger.report, 1, onlyPlace());
      // Lambda invokes again what failed; the answer itself goes nowhere.
      if (!isDone(outcome)) throw new NotDoneError(outcome);
      return outcome;
    }
    case 'direct':
      return revokeAndLog(trigger.report, 1, onlyPlace());
    default:
      return trigger satisfies never;
  }
}

/** An asynchronous invoke that is to be retried. */
class NotDoneError extends Error {
  override readonly name = 'NotDoneError';

  constructor({ report_id, status }: Outcome) {
    super(`report ${report_id} is not done: ${status}`);
  }
}

function logEnd(outcome: Outcome, attempt: number): void {
  const { recorded, report_id, status } = outcome;
  const reason = status === 'revoked' || status === 'already_revoked' ? undefined : outcome.reason;
  if (isDone(outcome)) measure('Attempts', 'Count', attempt);
  log(isDone(outcome) ? 'info' : 'error', 'report ended', { report_id, status, recorded, attempt, reason });
}
