import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';

/** Whether an alert is to be looked at again a day later: it was closed on the word of a 401 alone, and is so once. */
export function isForRecheck(draft: OutcomeDraft, { leak, recheck }: Report): boolean {
  if (recheck || leak.kind !== 'github_alert' || !draft.alert?.closed) return false;
  return [draft, ...(draft.leaks ?? [])].some(({ owner }) => owner === 'unknown');
}
