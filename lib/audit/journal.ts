import * as z from 'zod/mini';
import { parseJson } from '../json.ts';
import { Key } from '../key.ts';
import { log } from '../log.ts';
import { Outcome } from '../outcome.ts';
import type { Report } from '../report.ts';
import type { Token } from '../token.ts';
import { type AuditContext, type AuditEntry, auditRecord } from './record.ts';
import { type AuditStore, recordPath, type Stored } from './store.ts';

/** What an intent says of the key: all of it when the report gave ids, its service user otherwise. */
const Intent = z.object({
  time: z.number(),
  unmapped: z.object({ service_user_id: z.string(), api_key_id: z.optional(z.string()) }),
});
const Settled = z.object({ unmapped: z.looseObject({ status: z.string(), report_id: z.string() }) });

/** What earlier deliveries of the same report left on record. */
export interface Earlier {
  readonly intent?: { readonly service_user_id: string; readonly api_key_id?: string; readonly time: number };
  readonly outcome?: Outcome;
}

/** The records of one report. All of them lie under one prefix, and their names sort in the order of events. */
export interface Journal {
  /** Write-ahead: what is about to be revoked. `ofCandidate`: one of several, beside the report's own intent. */
  intent(
    key: { service_user_id: string; api_key_id?: string },
    options?: { ofCandidate?: boolean },
  ): Promise<Stored>;
  /** How this delivery ended; once for each report, except for attempts, which are one each. */
  settle(outcome: Outcome): Promise<Stored>;
  /** @throws {JournalError} when the store can not be read */
  earlier(): Promise<Earlier>;
  /** Notes which key a token was of, so that the next report of the same token can name it. Best effort. */
  remember(token: Token, key: Key): Promise<void>;
  /** The key that a token was of, as an earlier report found out. */
  recall(token: Token): Promise<Key | undefined>;
}

/** The audit store could not be read. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'audit_store';
}

export function journal(
  store: AuditStore,
  report: Report,
  context: AuditContext,
  { deadline }: { deadline: number },
): Journal {
  const path = (name: string): string => recordPath(report, name);
  // The intent must not hold back a revocation for long when the store is down.
  const brief = () => ({ deadline: Math.min(deadline, Date.now() + 3_000), attempts: 3, timeoutMs: 1_500 });

  async function put(
    name: string,
    entry: AuditEntry,
    retry: Parameters<AuditStore['put']>[2],
  ): Promise<Stored> {
    const record = auditRecord(report, entry, context, Date.now());
    const stored = await store.put(path(name), record, retry);
    if (stored.result !== 'exists') log('info', 'audit', { audit: stored.result, path: path(name), record });
    return stored;
  }

  async function read<T extends z.core.$ZodType>(name: string, schema: T): Promise<z.output<T> | undefined> {
    const found = await store.get(path(name), { deadline, attempts: 4 });
    if (!found.ok) throw new JournalError(`the audit store can not be read (${found.reason})`);
    if (found.text === undefined) return undefined;
    const record = parseJson(found.text, schema);
    if (record === undefined) throw new JournalError(`the audit record ${path(name)} is not readable`);
    return record;
  }

  return {
    intent: (key, { ofCandidate = false } = {}) =>
      put(ofCandidate ? candidateName(key.api_key_id) : INTENT, { kind: 'intent', key }, brief()),

    settle(outcome) {
      const name = settledName(outcome.status);
      const kind = name === OUTCOME ? 'outcome' : 'attempt';
      return put(name, { kind, outcome }, { deadline, attempts: 6 });
    },

    async remember(token, key) {
      const note = { ...key, report_id: report.report_id };
      const { result } = await store.put(tokenPath(token), note, brief());
      if (result === 'failed')
        log('warn', 'which key the token was of is not noted', { report_id: report.report_id });
    },

    async recall(token) {
      const found = await store.get(tokenPath(token), brief());
      return found.ok && found.text !== undefined ? parseJson(found.text, Key) : undefined;
    },

    async earlier() {
      const [intent, settled] = await Promise.all([read(INTENT, Intent), read(OUTCOME, Settled)]);
      const outcome = settled && outcomeOf(settled.unmapped);
      return {
        ...(intent && { intent: { time: intent.time, ...keyOf(intent.unmapped) } }),
        ...(outcome && { outcome }),
      };
    },
  };
}

/** One file a token; its name tells nothing of the token. */
function tokenPath(token: Token): string {
  return `tokens/${token.fingerprint()}.json`;
}

/** Ids may hold a tilde, which is not in the character set of record names. */
function candidateName(apiKeyId = ''): string {
  return `20-intent-${apiKeyId.replaceAll('~', '=7E')}`;
}

const INTENT = '10-intent';
const OUTCOME = '90-outcome';

function settledName(status: Outcome['status']): string {
  switch (status) {
    case 'failed':
    case 'still_alive':
      return `50-attempt-${new Date().toISOString().replace(/[-:.]/g, '')}`;
    case 'rehearsed':
      // Beside the outcome: a rehearsal must not pass for the real thing when the report comes again.
      return '80-rehearsal';
    case 'revoked':
    case 'already_revoked':
    case 'not_found':
    case 'escalated':
    case 'ignored':
      return OUTCOME;
    default:
      return status satisfies never;
  }
}

function keyOf(key: { service_user_id: string; api_key_id?: string | undefined }) {
  return {
    service_user_id: key.service_user_id,
    ...(key.api_key_id !== undefined && { api_key_id: key.api_key_id }),
  };
}

/** The outcome inside a stored record, without what the record adds. */
function outcomeOf({
  kind: _kind,
  detector: _detector,
  leak: _leak,
  attempt: _attempt,
  ...facts
}: Record<string, unknown>): Outcome {
  const outcome = z.safeParse(Outcome, facts);
  if (!outcome.success) throw new JournalError('the stored outcome is not readable');
  return outcome.data;
}
