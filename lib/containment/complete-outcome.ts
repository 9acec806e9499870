import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
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
  return { next_step: `remove the cause, then invoke the revoke function with ${eventOf(report)}`, ...moved };
}

/** The event that reports the same leak once more. */
function eventOf({ leak }: Report): string {
  switch (leak.kind) {
    case 'key': {
      const { kind: _kind, ...key } = leak;
      return JSON.stringify(key);
    }
    case 'github_alert': {
      const { kind: _kind, ...github_alert } = leak;
      return JSON.stringify({ github_alert });
    }
    case 'token':
      return 'the token';
    default:
      return leak satisfies never;
  }
}
