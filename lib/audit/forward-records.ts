import type { ListObjects } from '../aws/list-objects.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { errorFields, log } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { Forward } from './forward-to-siem.ts';
import type { WrittenRecord } from './record-writer.ts';

/** Copies to a SIEM; `list` finds what an earlier delivery stored and may not have forwarded. */
export interface SiemCopies {
  readonly to: Forward;
  readonly list: ListObjects;
}

export interface ReportRecords {
  readonly store: AuditStore;
  /** The prefix of all records of the report. */
  readonly folder: string;
  /** What this delivery wrote. */
  readonly written: readonly WrittenRecord[];
  /** An earlier delivery may have stored records that were not forwarded. */
  readonly isRedelivery: boolean;
}

/**
 * Posts a report's records to the SIEM, in the order of events: those that this delivery stored, or, after a
 * redelivery, all that are stored.
 *
 * @returns whether the SIEM took all of them
 */
export async function forwardRecords(
  { list, to }: SiemCopies,
  { folder, isRedelivery, store, written }: ReportRecords,
  retry: RetryOptions,
): Promise<boolean> {
  const own = new Map(
    written.flatMap(({ body, path, result }) => (result === 'stored' ? [[path, body] as const] : [])),
  );
  try {
    const listed = isRedelivery ? await list(folder, retry) : [];
    const paths = [...new Set([...listed.map(({ key }) => key), ...own.keys()])].sort();
    for (const path of paths) {
      const body = own.get(path) ?? (await readText(store, path, retry));
      if (body === undefined || !(await to.post(body, retry.deadline))) return false;
    }
    return true;
  } catch (error) {
    log('error', 'records were not forwarded', errorFields(error));
    return false;
  }
}

async function readText(store: AuditStore, path: string, { deadline }: RetryOptions) {
  const found = await store.get(path, { deadline, attempts: 4 });
  return found.ok ? found.text : undefined;
}
