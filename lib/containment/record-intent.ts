import { type History, NO_HISTORY } from '../audit/history.ts';
import type { ReportTrail } from '../audit/trail.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { errorFields, log } from '../platform/log.ts';

/** What earlier deliveries of the same report left. */
export interface EarlierDelivery {
  /** Epoch milliseconds of the intent; the token was used no sooner. */
  readonly intentTime: number;
  readonly history: History;
}

/** With each of these, the report goes on; `intent_skipped` is that of a dry run. */
export type IntentResult =
  | {
      readonly status: 'intent_stored';
      /** What an earlier delivery of the report did, when one got as far as its intent. */
      readonly earlier?: EarlierDelivery;
    }
  | { readonly status: 'intent_not_stored' | 'intent_skipped' };

/**
 * Stores the intent to revoke before anything is revoked. A leak is revoked even when the store is down, since waiting
 * keeps it open; manual and scheduled runs are not.
 */
export async function recordIntent(
  report: Report,
  key: { service_user_id: string; api_key_id?: string },
  trail: Pick<ReportTrail, 'intent' | 'earlier' | 'history'>,
): Promise<IntentResult | Decided | OnRecord> {
  const stored = await trail.intent(key);
  switch (stored.result) {
    case 'stored':
      return { status: 'intent_stored' };
    case 'exists': {
      const found = await trail.earlier().catch(() => undefined);
      if (found?.outcome !== undefined) return { status: 'on_record', outcome: found.outcome };
      const intentTime = found?.intent?.time ?? report.seen_at;
      return { status: 'intent_stored', earlier: { intentTime, history: await historyOf(report, trail) } };
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

/** A leak is revoked even when the store cannot be read: then nothing is claimed of what earlier deliveries did. */
async function historyOf({ report_id }: Report, trail: Pick<ReportTrail, 'history'>): Promise<History> {
  try {
    return await trail.history();
  } catch (error) {
    log('error', 'what earlier deliveries did cannot be read', { report_id, ...errorFields(error) });
    return NO_HISTORY;
  }
}

/** Milliseconds before the intent at which the token may have been used: to find its service user, and by clocks apart. */
const USED_BEFORE_MS = 10_000;

/** Epoch seconds from which on a use of the token may be that of a delivery with this intent. */
export function earliestUse(intentTime: number): number {
  return (intentTime - USED_BEFORE_MS) / 1_000;
}
