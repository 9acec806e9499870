import * as z from 'zod/mini';
import type { ListObjects } from '../aws/list-objects.ts';
import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import { Key } from '../domain/key.ts';
import { Confidence, Outcome } from '../domain/outcome.ts';
import { type Report, ReportId } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { afterSend, errorFields, log, logRecord } from '../platform/log.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { Forward } from './forward-to-siem.ts';
import { type AuditContext, type AuditEntry, auditRecord } from './ocsf-record.ts';
import { serialise } from './ocsf-schema.ts';
import { recordPath } from './record-path.ts';

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

/** `forwarded: false` when the SIEM did not take a record, which brings the message back. */
export type Settlement = Stored & {
  readonly forwarded?: false;
  /** What is on record: the outcome, or the one that an earlier delivery could not store. */
  readonly told: Outcome;
};

/** The records of one report. All of them lie under one prefix, and their names sort in the order of events. */
export interface Journal {
  /** Write-ahead: what is about to be revoked. `ofCandidate`: one of several, beside the report's own intent. */
  intent(
    key: { service_user_id: string; api_key_id?: string },
    options?: { ofCandidate?: boolean },
  ): Promise<Stored>;
  /** How this delivery ended; once for each report, except for attempts, which are one each. */
  settle(outcome: Outcome): Promise<Settlement>;
  /** @throws {JournalError} when the store can not be read */
  earlier(): Promise<Earlier>;
  /** Makes sure that what belongs to an outcome on record is there and forwarded too. */
  again(outcome: Outcome): Promise<{ recorded: boolean; forwarded?: false }>;
  /** Notes which key a token was of, so that the next report of the same token can name it. Best effort. */
  remember(token: Token, key: Omit<Known, 'report_id'>): Promise<void>;
  /** The key that a token was of, as an earlier report found out. */
  recall(token: Token): Promise<Known | undefined>;
}

/** Which key a token was of, how sure that is, and which report found it out. */
const Known = z.object({ ...Key.shape, confidence: Confidence, report_id: ReportId });
export type Known = z.infer<typeof Known>;

/** The audit store could not be read. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'audit_store';
}

/** Outcomes that the store did not take, by report, for as long as the container lives. */
export type Unsaved = Map<string, { readonly outcome: Outcome; readonly intentStored: boolean }>;

export interface JournalParts {
  readonly store: AuditStore;
  readonly unsaved?: Unsaved;
  /** Copies to a SIEM; `list` finds what an earlier delivery stored and may not have forwarded. */
  readonly forward?: { readonly to: Forward; readonly list: ListObjects } | undefined;
}

export function journal(
  { forward, store, unsaved = new Map() }: JournalParts,
  report: Report,
  context: AuditContext,
  { deadline }: { deadline: number },
): Journal {
  const path = (name: string): string => recordPath(report, name);
  /** What this delivery stored: path and body. */
  const written = new Map<string, string>();
  let intentStored = true;
  let isRedelivery = context.attempt > 1;
  // The intent must not hold back a revocation for long when the store is down.
  const brief = () => ({ deadline: Math.min(deadline, Date.now() + 3_000), attempts: 3, timeoutMs: 1_500 });
  const patient: RetryOptions = { deadline, attempts: 6 };

  function build(name: string, entry: AuditEntry): string | undefined {
    try {
      return serialise(auditRecord(report, entry, context, { name, time: Date.now() }));
    } catch (error) {
      log('error', 'a record does not fit its schema', { ...errorFields(error), path: path(name) });
      return undefined;
    }
  }

  async function put(name: string, body: string | undefined, retry: RetryOptions): Promise<Stored> {
    if (body === undefined) return { result: 'failed', reason: 'the record does not fit its schema' };
    const stored = await store.put(path(name), body, retry);
    if (stored.result === 'stored') written.set(path(name), body);
    const tell = () => logRecord('audit', { audit: stored.result, path: path(name) }, body);
    if (stored.result === 'exists') isRedelivery = true;
    else if (name === INTENT && stored.result === 'stored') afterSend(tell);
    else tell();
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

  async function closing(outcome: Outcome): Promise<Stored> {
    if (outcome.alert === undefined) return { result: 'exists' };
    const entry = { kind: 'alert', outcome: { ...outcome, alert: outcome.alert } } as const;
    return put(ALERT, build(ALERT, entry), patient);
  }

  /** Posts what was stored, in the order of events; after a redelivery all that lies there, as it may not have been. */
  async function forwardAll(): Promise<{ forwarded?: false }> {
    if (forward === undefined) return {};
    const { list, to } = forward;
    try {
      const listed = isRedelivery ? await list(path('').replace(/\.json$/, ''), patient) : [];
      const keys = [...new Set([...listed.map(({ key }) => key), ...written.keys()])].sort();
      for (const key of keys) {
        const body = written.get(key) ?? (await textOf(key));
        if (body === undefined || !(await to.post(body, deadline))) return { forwarded: false };
      }
      return {};
    } catch (error) {
      log('error', 'records were not forwarded', errorFields(error));
      return { forwarded: false };
    }
  }

  async function textOf(key: string): Promise<string | undefined> {
    const found = await store.get(key, { deadline, attempts: 4 });
    return found.ok ? found.text : undefined;
  }

  /** What this container saw when the report came before, and could not store; the alert is closed since. */
  function latest(outcome: Outcome): { outcome: Outcome; intentStored: boolean } {
    const kept = unsaved.get(report.report_id);
    if (kept === undefined || outcome.status !== 'already_revoked') return { outcome, intentStored };
    const { alert } = outcome;
    return { ...kept, outcome: { ...kept.outcome, ...(alert && { alert }) } };
  }

  return {
    async intent(key, { ofCandidate = false } = {}) {
      const name = ofCandidate ? candidateName(key.api_key_id) : INTENT;
      const stored = await put(name, build(name, { kind: 'intent', key }), brief());
      if (stored.result === 'failed') intentStored = false;
      return stored;
    },

    async settle(ending) {
      const { outcome, intentStored: wasStored } = latest(ending);
      const name = settledName(outcome.status);
      const kind = name.startsWith(ATTEMPT) ? 'attempt' : 'outcome';
      // The alert's record is made first, so that the times of both are in the order of events.
      const closingAlert = closing(outcome);
      const body = build(name, { kind, outcome, intentStored: wasStored });
      const [stored, closed] = await Promise.all([put(name, body, patient), closingAlert]);
      if (name === OUTCOME) keep(unsaved, { outcome, intentStored: wasStored }, stored);
      const result = closed.result === 'failed' ? closed : stored;
      return { ...result, told: outcome, ...(await forwardAll()) };
    },

    async again(outcome) {
      isRedelivery = true;
      const { result } = await closing(outcome);
      return { recorded: result !== 'failed', ...(await forwardAll()) };
    },

    async remember(token, key) {
      const note = { ...key, report_id: report.report_id };
      const { result } = await store.put(tokenPath(token), note, brief());
      if (result === 'failed')
        log('warn', 'which key the token was of is not noted', { report_id: report.report_id });
    },

    async recall(token) {
      const found = await store.get(tokenPath(token), brief());
      return found.ok && found.text !== undefined ? parseJson(found.text, Known) : undefined;
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
const ATTEMPT = '50-attempt';
const ALERT = '70-alert';
const OUTCOME = '90-outcome';

/** More than a container ever holds at a time; what is in the log is not lost either. */
const MAX_UNSAVED = 1_000;

function keep(
  unsaved: Unsaved,
  ended: { outcome: Outcome; intentStored: boolean },
  { result }: Stored,
): void {
  if (result !== 'failed') unsaved.delete(ended.outcome.report_id);
  else if (unsaved.size < MAX_UNSAVED) unsaved.set(ended.outcome.report_id, ended);
}

function settledName(status: Outcome['status']): string {
  switch (status) {
    case 'failed':
    case 'still_alive':
      return `${ATTEMPT}-${new Date().toISOString().replace(/[-:.]/g, '')}`;
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
  attempt: _attempt,
  intent_stored: _intentStored,
  kind: _kind,
  report: _report,
  ...facts
}: Record<string, unknown>): Outcome {
  const outcome = z.safeParse(Outcome, facts);
  if (!outcome.success) throw new JournalError('the stored outcome is not readable');
  return outcome.data;
}
