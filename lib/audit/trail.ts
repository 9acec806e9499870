import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { log } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { AuditContext } from './audit-entry.ts';
import { forwardRecords, type SiemCopies } from './forward-records.ts';
import { getKnownKey, type Known, putKnownKey } from './known-key.ts';
import { type Earlier, readEarlier } from './read-earlier.ts';
import {
  ALERT,
  candidateIntent,
  INTENT,
  isIntent,
  OUTCOME,
  recordFolder,
  settledRecord,
} from './record-path.ts';
import { recordWriter } from './record-writer.ts';
import { isRedelivery, type Unsaved, unsavedOr, updateUnsaved } from './redelivery.ts';

/** `forwarded: false` when the SIEM did not accept a record, which brings the message back. */
export type Settlement = Stored & {
  readonly forwarded?: false;
  /** What was to be recorded: the outcome, or the one that an earlier delivery could not store. */
  readonly told: Outcome;
};

/** The records of one report. All of them lie under one prefix, and their names sort in the order of events. */
export interface ReportTrail {
  /** Write-ahead: what is about to be revoked. `ofCandidate`: one of several, beside the report's own intent. */
  intent(
    key: { service_user_id: string; api_key_id?: string },
    options?: { ofCandidate?: boolean },
  ): Promise<Stored>;
  /** How this delivery ended; once for each report, except for attempts, which are one each. */
  settle(outcome: Outcome): Promise<Settlement>;
  /** @throws {AuditStoreError} when the store cannot be read */
  earlier(): Promise<Earlier>;
  /** Ensures that the records which belong to an outcome on record are stored and forwarded too. */
  again(outcome: Outcome): Promise<{ recorded: boolean; forwarded?: false }>;
  /** Notes which key a token was of, so that the next report of the same token can name it. Best effort. */
  remember(token: Token, key: Omit<Known, 'report_id'>): Promise<void>;
  /** The key that a token was of, as an earlier report found out. */
  recall(token: Token): Promise<Known | undefined>;
}

export interface TrailParts {
  readonly store: AuditStore;
  readonly unsaved?: Unsaved;
  readonly forward?: SiemCopies | undefined;
}

/** @param options.deadline epoch milliseconds after which nothing more is tried */
export function reportTrail(
  { forward, store, unsaved = new Map() }: TrailParts,
  report: Report,
  context: AuditContext,
  { deadline }: { deadline: number },
): ReportTrail {
  const writer = recordWriter(store, report, context);
  const patient: RetryOptions = { deadline, attempts: 6 };
  // An intent must not hold back a revocation for long when the store is down.
  const brief = () => ({ deadline: Math.min(deadline, Date.now() + 3_000), attempts: 3, timeoutMs: 1_500 });

  async function putAlert(outcome: Outcome): Promise<Stored> {
    const { alert } = outcome;
    if (alert === undefined) return { result: 'exists' };
    return writer.put(ALERT, { kind: 'alert', outcome: { ...outcome, alert } }, patient);
  }

  async function forwardAll(hasEarlier: boolean): Promise<{ forwarded?: false }> {
    if (forward === undefined) return {};
    const { written } = writer;
    const records = { store, written, folder: recordFolder(report), isRedelivery: hasEarlier };
    return (await forwardRecords(forward, records, patient)) ? {} : { forwarded: false };
  }

  return {
    intent(key, { ofCandidate = false } = {}) {
      const name = ofCandidate ? candidateIntent(key.api_key_id) : INTENT;
      return writer.put(name, { kind: 'intent', key }, brief());
    },

    async settle(seen) {
      const intentStored = !writer.written.some(({ name, result }) => isIntent(name) && result === 'failed');
      const ended = unsavedOr(unsaved, { outcome: seen, intentStored });
      const { kind, name } = settledRecord(ended.outcome.status);
      // The alert's record is built first, so that the times of both are in the order of events.
      const [alert, stored] = await Promise.all([
        putAlert(ended.outcome),
        writer.put(name, { kind, ...ended }, patient),
      ]);
      if (name === OUTCOME) updateUnsaved(unsaved, ended, stored);
      const forwarded = await forwardAll(isRedelivery(context.attempt, writer.written));
      return { ...(alert.result === 'failed' ? alert : stored), told: ended.outcome, ...forwarded };
    },

    async again(outcome) {
      const { result } = await putAlert(outcome);
      return { recorded: result !== 'failed', ...(await forwardAll(true)) };
    },

    earlier: () => readEarlier(store, report, { deadline, attempts: 4 }),

    async remember(token, key) {
      const { report_id } = report;
      const { result } = await putKnownKey(store, token, { ...key, report_id }, brief());
      if (result === 'failed') log('warn', 'which key the token was of is not noted', { report_id });
    },

    recall: (token) => getKnownKey(store, token, brief()),
  };
}
