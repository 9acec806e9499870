import { isDrill } from '../domain/drill.ts';
import type { Ended } from './ended.ts';

/** Deliveries before people are notified of a report that is not settled yet: the retries before took about four minutes. */
export const NOTIFY_AT_ATTEMPT = 5;

/**
 * Whether people are notified of how a report ended: of all that matters, or of what a person has to do something about. What a
 * sweep revoked is in the summary of its plan, a drill that passed needs no message, and old alerts whose token is dead already need nobody.
 */
export function shouldNotify(ended: Ended, notify: 'all' | 'needs-person'): boolean {
  const { outcome, report } = ended;
  if (outcome.status === 'ignored') return false;
  if (needsPerson(ended)) return true;
  if (notify === 'needs-person' || report.detector === 'sweep') return false;
  switch (outcome.status) {
    case 'revoked':
      return !isDrill(report.caller, outcome.api_key_name);
    case 'already_revoked':
    case 'not_found':
      return report.redeliver !== false;
    case 'rehearsed':
      // Who asked for it has the answer.
      return report.invoked_by !== 'console' && report.redeliver !== false;
    case 'escalated':
    case 'still_alive':
    case 'failed':
      return false;
    default:
      return outcome satisfies never;
  }
}

/** Whether a person has to do something, or has been told so and may stop. */
export function needsPerson({ attempt, outcome, report }: Ended): boolean {
  switch (outcome.status) {
    case 'escalated':
    case 'still_alive':
      return true;
    case 'failed':
      return !outcome.retryable || attempt >= NOTIFY_AT_ATTEMPT || report.invoked_by === 'event';
    case 'revoked':
    case 'already_revoked':
    case 'not_found':
      return (
        outcome.own_key === true ||
        outcome.exposure?.used_after_leak === true ||
        outcome.alert?.closed === false ||
        (outcome.collateral ?? []).length > 0 ||
        // People may have been told before that it is alive.
        attempt > 1
      );
    case 'rehearsed':
    case 'ignored':
      return false;
    default:
      return outcome satisfies never;
  }
}
