import type { ReportTrail } from '../audit/trail.ts';
import type { Outcome } from '../domain/outcome.ts';
import { afterSend, log } from '../platform/log.ts';
import { count, measure } from '../platform/metrics.ts';

/**
 * Puts the outcome on record, once for each report.
 *
 * @returns the outcome on record: the first one stands, and a redelivery answers with it. `recorded: false` when the
 * audit store did not take it, `forwarded: false` when the SIEM did not
 * @param isUrgent a new leak, whose time to the proof is measured; old alerts and old keys wait on purpose
 */
export async function recordOutcome(
  outcome: Outcome,
  trail: Pick<ReportTrail, 'settle' | 'earlier'>,
  isUrgent = false,
): Promise<Outcome> {
  const { report_id, status } = outcome;
  if (status === 'ignored') {
    count('Outcome', { status });
    log('info', 'ignored', { report_id, reason: outcome.reason });
    return outcome;
  }
  afterSend(() => count('Outcome', { status }));
  const { forwarded, result, told } = await trail.settle(outcome);
  if (isUrgent && result === 'stored') measureTime(outcome);
  const first = result === 'exists' ? await trail.earlier().catch(() => undefined) : undefined;
  return {
    ...(first?.outcome ?? told),
    recorded: result !== 'failed',
    ...(forwarded === false && { forwarded }),
  };
}

function measureTime({ exposure, status }: Outcome): void {
  const seconds = exposure?.seconds_to_revoke;
  if (status === 'revoked' && seconds !== undefined) measure('SecondsToRevoke', 'Seconds', seconds);
}
