import type { GitHub } from '../clients/github.ts';
import type { LeakAlert } from '../identify/read-leak.ts';
import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import type { RetryOptions } from '../platform/retry.ts';

/**
 * A token that was taken for dead, since nobody knew it and it was rejected from our address, works: the alarm is
 * raised, and its alert opened again.
 */
export async function reopenIncident(
  report_id: string,
  { ref }: LeakAlert,
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<void> {
  count('IncidentReopened', {});
  log('error', 'a token that was taken for dead works', { report_id });
  const answer = await github?.reopenAlert(ref, retry);
  if (answer?.ok === false) log('error', 'alert not reopened', { report_id, reason: answer.reason });
}
