import type { Source } from './source.ts';

/** The files of one report, by their names. */
export interface ReportFolder {
  /** With a slash at its end. */
  readonly path: string;
  /** The day in the path: that of the report. */
  readonly day: string;
  readonly report_id: string;
  /** Names without `.json`, which sort in the order of events. */
  readonly names: readonly string[];
  /** When the latest file was stored, epoch milliseconds; unknown in a copy. */
  readonly storedAt?: number | undefined;
}

/** Days in UTC, both included. */
export interface Days {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const RECORDS = 'records/date=';
const RECORD = /^records\/date=(\d{4}-\d{2}-\d{2})\/(.+)\/([^/]+)\.json$/;
/** Sorts after every path of a day, since it is the character after the slash. */
const AFTER_SLASH = '0';

/** The reports of some days, in the order of their paths. Nothing is read: names say enough. */
export async function* reportFolders(
  source: Source,
  { from, to }: Days,
  prefix = RECORDS,
): AsyncGenerator<ReportFolder> {
  let open:
    | { path: string; day: string; report_id: string; names: string[]; storedAt?: number | undefined }
    | undefined;
  for await (const { key, storedAt } of source.list(prefix, from && `${RECORDS}${from}`)) {
    const [, day, report_id, name] = RECORD.exec(key) ?? [];
    if (day === undefined || report_id === undefined || name === undefined) continue;
    if (to !== undefined && day > to) break;
    const path = key.slice(0, key.lastIndexOf('/') + 1);
    if (open?.path !== path) {
      if (open) yield open;
      open = { path, day, report_id, names: [], storedAt };
    }
    open.names.push(name);
    if (storedAt !== undefined) open.storedAt = Math.max(open.storedAt ?? 0, storedAt);
  }
  if (open) yield open;
}

/** The days that have records, one request each. */
export async function* recordedDays(source: Source, { from, to }: Days): AsyncGenerator<string> {
  let after = from && `${RECORDS}${from}`;
  for (;;) {
    const day = await firstDay(source, after);
    if (day === undefined || (to !== undefined && day > to)) return;
    yield day;
    after = `${RECORDS}${day}${AFTER_SLASH}`;
  }
}

async function firstDay(source: Source, after: string | undefined): Promise<string | undefined> {
  for await (const { key } of source.list(RECORDS, after)) {
    const day = RECORD.exec(key)?.[1];
    if (day !== undefined) return day;
  }
  return undefined;
}

/** The reports of one day whose ids begin with a prefix. */
export function reportsOf(source: Source, day: string, idPrefix: string): AsyncGenerator<ReportFolder> {
  return reportFolders(source, {}, `${RECORDS}${day}/${idPrefix}`);
}
