import type { AftermathRequest } from '../domain/aftermath.ts';
import { errorFields, log } from '../platform/log.ts';
import type { AftermathParts, AftermathResult } from './aftermath-parts.ts';

/** Tries before what is missing is recorded as missing. */
const MAX_ATTEMPTS = 5;
/** Less than the age of a message that raises QueueAgeAlarm. */
const RETRY_SECONDS = [30, 60, 120, 240];

/** Whether an aftermath that is not complete goes on by a message on the queue. */
export function mayTryAgain({ attempt, exact }: AftermathRequest, { send }: AftermathParts): boolean {
  // A person waits for the answer, whatever it is.
  return send !== undefined && exact !== true && attempt < MAX_ATTEMPTS;
}

/** Queues the same request once more, later. */
export async function tryAgain(
  request: AftermathRequest,
  reason: string,
  parts: AftermathParts,
): Promise<AftermathResult> {
  if (!mayTryAgain(request, parts)) return { status: 'lost' };
  const delaySeconds = RETRY_SECONDS[request.attempt - 1] ?? 240;
  const again = { ...request, attempt: request.attempt + 1 };
  try {
    // The invocation still has the time that the deadline kept back.
    await parts.send?.(again, { deadline: parts.deadline + 3_000, delaySeconds });
    return { status: 'again' };
  } catch (error) {
    log('error', 'the aftermath is not queued again', {
      ...errorFields(error),
      report_id: request.report.report_id,
      reason,
    });
    return { status: 'lost' };
  }
}
