import type { ListObjects } from '../aws/list-objects.ts';
import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import type { Key } from '../domain/key.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Deletion } from '../domain/outcome-facts.ts';
import type { Report } from '../domain/report.ts';
import { log } from '../platform/log.ts';
import { type RetryOptions, sleep } from '../platform/retry.ts';
import type { AuditContext } from './audit-entry.ts';
import { forwardRecords, type SiemCopies } from './forward-records.ts';
import type { History } from './history.ts';
import { type Earlier, readEarlier } from './read-earlier.ts';
import {
  ALERT,
  candidateIntent,
  deleteName,
  intentName,
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
    options?: { ofCandidate?: boolean; part?: number },
  ): Promise<Stored>;
  /**
   * Records that a DELETE is sent now (epoch milliseconds), of which an intent says nothing. Resolves once the record is
   * on its way, not when it is stored: it must not hold the DELETE back for a round.
   */
  markDelete(key: Key, at: number): Promise<void>;
  /** What came of it, for the record in which the delivery ends. */
  deleteEnded(deletion: Deletion): void;
  /**
   * What earlier deliveries did to keys; read once.
   *
   * @throws {AuditStoreError} @throws {ListError}
   */
  history(): Promise<History>;
  /** How this delivery ended; once for each report, except for attempts, which are one each. */
  settle(outcome: Outcome): Promise<Settlement>;
  /** @param part of several leaks @throws {AuditStoreError} when the store cannot be read */
  earlier(part?: number): Promise<Earlier>;
  /** Ensures that the records which belong to an outcome on record are stored and forwarded too. */
  again(outcome: Outcome): Promise<{ recorded: boolean; forwarded?: false }>;
  /** Has the alert looked at again a day later. Best effort. */
  planRecheck(): Promise<void>;
}

/** The trail as one of several leaks of the report writes it: with an intent of its own. */
export function trailOfPart(trail: ReportTrail, part: number): ReportTrail {
  return {
    ...trail,
    intent: (key, options) => trail.intent(key, { ...options, part }),
    earlier: () => trail.earlier(part),
  };
}

/** Milliseconds that a DELETE waits at most until its record is on the wire. */
const MARK_WITHIN_MS = 50;

export interface TrailParts {
  readonly store: AuditStore;
  readonly list: ListObjects;
  readonly unsaved?: Unsaved;
  readonly forward?: SiemCopies | undefined;
}

/** @param options.deadline epoch milliseconds after which nothing more is tried */
export function reportTrail(
  { forward, list, store, unsaved = new Map() }: TrailParts,
  report: Report,
  context: AuditContext,
  { deadline }: { deadline: number },
): ReportTrail {
  const writer = recordWriter(store, report, context);
  const patient: RetryOptions = { deadline, attempts: 6 };
  // An intent must not hold back a revocation for long when the store is down.
  const brief = () => ({ deadline: Math.min(deadline, Date.now() + 3_000), attempts: 3, timeoutMs: 1_500 });

  const marks: Promise<unknown>[] = [];
  const deletions: Deletion[] = [];
  let earlierDeliveries: Promise<History> | undefined;

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
    intent(key, { ofCandidate = false, part = 0 } = {}) {
      const name = ofCandidate ? candidateIntent(key.api_key_id) : intentName(part);
      return writer.put(name, { kind: 'intent', key }, brief());
    },

    async markDelete({ api_key_id, service_user_id }, at) {
      const entry = { kind: 'intent', key: { service_user_id, api_key_id }, deleteSentAt: at } as const;
      const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
      const storing = writer.put(deleteName(api_key_id, at), entry, brief(), onSent);
      marks.push(storing);
      await Promise.race([sent, storing, sleep(MARK_WITHIN_MS)]);
    },

    deleteEnded: (deletion) => void deletions.push(deletion),

    history() {
      earlierDeliveries ??= import('./read-history.ts').then(({ readHistory }) =>
        readHistory({ list, store }, report, { deadline, attempts: 4 }),
      );
      return earlierDeliveries;
    },

    async settle(given) {
      await Promise.all(marks);
      const before = await earlierDeliveries?.catch(() => undefined);
      const all = [...(before?.deletions ?? []), ...deletions];
      const seen = all.length > 0 ? { ...given, deletions: all } : given;
      const intentStored = !writer.written.some(({ name, result }) => isIntent(name) && result === 'failed');
      const ended = unsavedOr(unsaved, { outcome: seen, intentStored });
      const { kind, name } = settledRecord(ended.outcome);
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

    earlier: (part) => readEarlier(store, report, { deadline, attempts: 4 }, part),

    async planRecheck() {
      const { putRecheck } = await import('./recheck-note.ts');
      const { result } = await putRecheck(store, report, Date.now(), patient);
      if (result === 'failed') log('warn', 'the second look is not planned', { report_id: report.report_id });
    },
  };
}
