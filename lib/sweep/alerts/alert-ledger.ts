import * as z from 'zod/mini';
import type { FirstName } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { countdown, END_OF_TIME } from '../../domain/time.ts';
import { parseJson } from '../../platform/parse-json.ts';
import type { RetryOptions } from '../../platform/retry.ts';

/** What is known of one alert. Times are epoch milliseconds. */
export const LedgerEntry = z.object({
  /** The report it was queued as, which keeps its id until the alert's state changes. */
  action: z.enum(['created', 'reopened', 'publicly_leaked', 'validated']),
  at: z.int(),
  /** The alert as it was last listed. */
  updated: z.int(),
  public: z.boolean(),
  active: z.boolean(),
  /** `waiting`: no outcome yet. `closing`: the key is dead and the alert open. `settled`: nothing is left to do. */
  phase: z.enum(['waiting', 'closing', 'settled']),
  /** How often it was queued in this phase, and when it is due again. */
  queued: z.int(),
  due: z.int(),
  /** It was queued by a dry run. */
  dry: z.optional(z.literal(true)),
  /** Since when it is no longer listed as open. */
  gone: z.optional(z.int()),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** What the sweep of the alerts remembers from one run to the next. */
export const AlertLedger = z.object({
  version: z.literal(1),
  /** Where a run that ended early stopped: the cursor of the next page, by organisation; empty for the first page. */
  resume: z.record(z.string(), z.string()),
  /** Until when messages of the backlog are spread, epoch milliseconds. */
  backlog_until: z.int(),
  /** By `organisation/repo/number`. */
  alerts: z.record(z.string(), LedgerEntry),
});
export type AlertLedger = z.infer<typeof AlertLedger>;

/** The state of the sweep cannot be read or stored. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code = 'alert_ledger';
}

export interface LedgerStore {
  /** The ledger of the last run; an empty one before the first. @throws {LedgerError} */
  read(retry: RetryOptions): Promise<AlertLedger>;
  /** @throws {LedgerError} */
  write(ledger: AlertLedger, retry: RetryOptions): Promise<void>;
}

export const EMPTY_LEDGER: AlertLedger = { version: 1, resume: {}, backlog_until: 0, alerts: {} };

const PREFIX = 'sweeps/alerts/';
const NAME = /^sweeps\/alerts\/(\d{14})\.json$/;

/**
 * The ledger in the audit bucket, where nothing is ever overwritten: each is an object of its own, and the newest one,
 * whose name comes first, applies.
 */
export function ledgerStore(store: AuditStore, firstName: FirstName): LedgerStore {
  async function newest(retry: RetryOptions): Promise<string | undefined> {
    const first = await firstName({ prefix: PREFIX }, retry);
    if (!first.ok) throw new LedgerError(`the ledger of alerts cannot be listed (${first.reason})`);
    return first.name;
  }

  return {
    async read(retry) {
      const name = await newest(retry);
      if (name === undefined) return EMPTY_LEDGER;
      const found = await store.get(name, retry);
      if (!found.ok) throw new LedgerError(`the ledger of alerts cannot be read (${found.reason})`);
      const ledger = found.text === undefined ? undefined : parseJson(found.text, AlertLedger);
      if (ledger === undefined) throw new LedgerError(`${name} is not readable`);
      return ledger;
    },

    async write(ledger, retry) {
      const last = NAME.exec((await newest(retry)) ?? '')?.[1];
      // Later than the last one, even when that was written by a clock ahead of ours.
      const at = Math.max(Date.now(), last === undefined ? 0 : END_OF_TIME - Number(last) + 1);
      const stored = await store.put(`${PREFIX}${countdown(at)}.json`, ledger, retry);
      if (stored.result !== 'stored') {
        const reason = stored.result === 'failed' ? stored.reason : 'another run wrote it';
        throw new LedgerError(`the ledger of alerts is not stored: ${reason}`);
      }
    },
  };
}
