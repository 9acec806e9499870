import type { OutcomeDraft } from '../domain/outcome.ts';
import { type Report, requestAgain } from '../domain/report.ts';
import type { LeakAlert } from '../identify/read-leak.ts';

/** Adds what the whole report says: the repository's new name, and how to start again what no retry can mend. */
export function completeOutcome(
  draft: OutcomeDraft,
  report: Report,
  alert: LeakAlert | undefined,
): OutcomeDraft {
  const { moved_to } = alert ?? {};
  const closure = moved_to === undefined ? draft.alert : { closed: false, ...draft.alert, moved_to };
  const moved = { ...draft, ...(closure && { alert: closure }) };
  if (moved.status !== 'failed' || moved.retryable) return moved;
  const request = requestAgain(report);
  const event = request === undefined ? 'the token' : JSON.stringify(request);
  return { next_step: `remove the cause, then invoke the revoke function with ${event}`, ...moved };
}
