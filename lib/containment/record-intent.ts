import type { Outcome, OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { log } from '../platform/log.ts';
import type { Deps } from './deps.ts';

/** An outcome that is on record from an earlier delivery of the report. */
export type OnRecord = Outcome & { readonly recorded: true };

/** What the write-ahead record says: whether it is stored, and since when a DELETE of ours may have gone unseen. */
export interface Ahead {
  readonly isStored: boolean;
  /** Epoch milliseconds; set when an earlier delivery of the report got as far as its intent. */
  readonly unseenSince?: number;
}

/**
 * Stores the intent to revoke. A leak is revoked even when the store is down, since waiting keeps it open; manual and
 * scheduled runs are not.
 */
export async function writeAhead(
  report: Report,
  key: { service_user_id: string; api_key_id?: string },
  { dryRun, journal }: Deps,
): Promise<Ahead | OutcomeDraft | OnRecord> {
  if (dryRun) return { isStored: true };
  const stored = await journal.intent(key);
  if (stored.result === 'failed') {
    if (report.invoked_by === 'console' || report.invoked_by === 'schedule') {
      const reason = `nothing is revoked without a stored intent: ${stored.reason}`;
      return { status: 'failed', ...key, reason, retryable: true };
    }
    log('error', 'revoking without a stored intent', { report_id: report.report_id, reason: stored.reason });
    return { isStored: false };
  }
  if (stored.result === 'stored') return { isStored: true };
  const earlier = await journal.earlier().catch(() => undefined);
  if (earlier?.outcome !== undefined) return { ...earlier.outcome, recorded: true };
  return { isStored: true, unseenSince: earlier?.intent?.time ?? report.seen_at };
}
