import type { ReportTrail } from '../audit/trail.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { log } from '../platform/log.ts';

/** With each of these, the report goes on; `intent_skipped` is that of a dry run. */
export type IntentResult =
  | {
      readonly status: 'intent_stored';
      /**
       * Epoch milliseconds since when a DELETE of ours may have had its effect unseen: set when an earlier delivery of
       * the report got as far as its intent.
       */
      readonly unseenSince?: number;
    }
  | { readonly status: 'intent_not_stored' | 'intent_skipped' };

/**
 * Stores the intent to revoke before anything is revoked. A leak is revoked even when the store is down, since waiting
 * keeps it open; manual and scheduled runs are not.
 */
export async function recordIntent(
  report: Report,
  key: { service_user_id: string; api_key_id?: string },
  trail: Pick<ReportTrail, 'intent' | 'earlier'>,
): Promise<IntentResult | Decided | OnRecord> {
  const stored = await trail.intent(key);
  switch (stored.result) {
    case 'stored':
      return { status: 'intent_stored' };
    case 'exists': {
      const earlier = await trail.earlier().catch(() => undefined);
      return earlier?.outcome === undefined
        ? { status: 'intent_stored', unseenSince: earlier?.intent?.time ?? report.seen_at }
        : { status: 'on_record', outcome: earlier.outcome };
    }
    case 'failed': {
      const { reason } = stored;
      if (report.invoked_by === 'console' || report.invoked_by === 'schedule') {
        const why = `nothing is revoked without a stored intent: ${reason}`;
        return decided({ status: 'failed', ...key, reason: why, retryable: true });
      }
      log('error', 'revoking without a stored intent', { report_id: report.report_id, reason });
      return { status: 'intent_not_stored' };
    }
    default:
      return stored satisfies never;
  }
}
