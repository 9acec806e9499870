import type { Stored } from '../aws/write-once-bucket.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { WrittenRecord } from './record-writer.ts';

/** How a delivery ended, and whether all its intents were stored. */
export interface Ended {
  readonly outcome: Outcome;
  readonly intentStored: boolean;
}

/** Outcomes that the store did not take, by report, for as long as the container lives. */
export type Unsaved = Map<string, Ended>;

/** More than a container ever holds at a time; what exceeds it is still in the log. */
const MAX_UNSAVED = 1_000;

/**
 * What is to be recorded: an earlier delivery's outcome that the store did not take, since this one saw no more than a
 * dead token; with the alert, which was closed since. Otherwise what this delivery saw.
 */
export function unsavedOr(unsaved: Unsaved, seen: Ended): Ended {
  const { alert, report_id, status } = seen.outcome;
  const earlier = unsaved.get(report_id);
  if (earlier === undefined || status !== 'already_revoked') return seen;
  return { ...earlier, outcome: { ...earlier.outcome, ...(alert && { alert }) } };
}

/** Keeps an outcome that the store did not take for the next delivery, and forgets one that it has. */
export function updateUnsaved(unsaved: Unsaved, ended: Ended, { result }: Stored): void {
  const { report_id } = ended.outcome;
  if (result !== 'failed') unsaved.delete(report_id);
  else if (unsaved.size < MAX_UNSAVED) unsaved.set(report_id, ended);
}

/** Whether an earlier delivery may have stored records: the queue says so, or the store did. */
export function isRedelivery(attempt: number, written: readonly WrittenRecord[]): boolean {
  return attempt > 1 || written.some(({ result }) => result === 'exists');
}
