import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import type { Report } from '../domain/report.ts';
import { afterSend, errorFields, log, logRecord } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { AuditContext, AuditEntry } from './audit-entry.ts';
import { auditRecord } from './ocsf-record.ts';
import { serialise } from './ocsf-schema.ts';
import { INTENT, recordPath } from './record-path.ts';

/** A record that this delivery tried to store. */
export interface WrittenRecord {
  readonly name: string;
  readonly path: string;
  readonly body: string;
  readonly result: Stored['result'];
}

/** Stores the records of one delivery of a report, each under a name of its own. */
export interface RecordWriter {
  /** Builds the record at once, and stores it unless one of its name is there. `onSent`: it is on the wire. */
  put(name: string, entry: AuditEntry, retry: RetryOptions, onSent?: () => void): Promise<Stored>;
  /** All that were tried, in the order in which the store answered. */
  readonly written: readonly WrittenRecord[];
}

export function recordWriter(store: AuditStore, report: Report, context: AuditContext): RecordWriter {
  const written: WrittenRecord[] = [];

  function build(name: string, entry: AuditEntry): string | undefined {
    try {
      return serialise(auditRecord(report, entry, context, { name, time: Date.now() }));
    } catch (error) {
      log('error', 'a record does not fit its schema', {
        ...errorFields(error),
        path: recordPath(report, name),
      });
      return undefined;
    }
  }

  return {
    written,
    async put(name, entry, retry, onSent) {
      const path = recordPath(report, name);
      const body = build(name, entry);
      const stored: Stored =
        body === undefined
          ? { result: 'failed', reason: 'the record does not fit its schema' }
          : await store.put(path, body, retry, onSent);
      const record = { name, path, body: body ?? '', result: stored.result };
      written.push(record);
      if (body !== undefined) logWritten(record);
      return stored;
    },
  };
}

/** The log has every record too, stored or not. The DELETE does not wait for the line of its intent. */
function logWritten({ body, name, path, result }: WrittenRecord): void {
  const write = () => logRecord('audit', { audit: result, path }, body);
  if (name === INTENT && result === 'stored') afterSend(write);
  else write();
}
