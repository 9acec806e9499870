import { candidateIntent } from '../../lib/audit/record-path.ts';
import { isDay } from '../command/day-option.ts';
import { concurrently } from './log/concurrently.ts';
import {
  type Days,
  type ReportFolder,
  recordedDays,
  reportFolders,
  reportsOf,
} from './log/report-folders.ts';
import { type ReadRecord, readRecord } from './log/shown-record.ts';
import type { Source } from './log/source.ts';

/** All records of one report. */
export interface Incident {
  readonly report_id: string;
  readonly records: readonly ReadRecord[];
}

/** Requests at the same time. */
const WIDTH = 32;

/**
 * Finds the reports of a day, an alert (`owner/repo/number`), a key or a service user, or one by its id. The names of the
 * files answer the first two and the last. A key or a service user stands inside the records: one record of every report
 * is read.
 *
 * @param onReport called for every report that is looked at
 */
export async function* findIncidents(
  source: Source,
  what: string,
  days: Days,
  onReport: () => void = () => undefined,
): AsyncGenerator<Incident> {
  const kind = isDay(what) ? 'day' : what.includes('/') ? 'path' : 'key';
  const found = concurrently(candidates(source, kind, what, days), WIDTH, async (folder) => {
    onReport();
    const isIt = kind !== 'key' || (await concerns(source, folder, what));
    return isIt ? readIncident(source, folder) : undefined;
  });
  let isFound = false;
  for await (const incident of found) {
    if (incident === undefined) continue;
    isFound = true;
    yield incident;
  }
  if (isFound || kind !== 'path') return;
  // A part of an id, such as a repository with its number.
  for await (const folder of reportFolders(source, days)) {
    onReport();
    if (hasSegments(folder, what)) yield await readIncident(source, folder);
  }
}

function candidates(
  source: Source,
  kind: 'day' | 'path' | 'key',
  what: string,
  days: Days,
): AsyncGenerator<ReportFolder> {
  switch (kind) {
    case 'day':
      return reportFolders(source, { from: what, to: what });
    case 'path':
      return byPath(source, what, days);
    case 'key':
      return reportFolders(source, days);
    default:
      return kind satisfies never;
  }
}

/** The reports whose id is, or begins with, what is looked for: a few requests a day, however many reports it has. */
async function* byPath(source: Source, what: string, days: Days): AsyncGenerator<ReportFolder> {
  const lists = concurrently(recordedDays(source, days), WIDTH / 2, async (day) => {
    const found: ReportFolder[] = [];
    for (const prefix of [`${what}/`, `github/${what}/`]) {
      for await (const folder of reportsOf(source, day, prefix)) found.push(folder);
    }
    return found;
  });
  for await (const folders of lists) yield* folders;
}

function hasSegments({ report_id }: ReportFolder, what: string): boolean {
  return `/${report_id}/`.includes(`/${what}/`);
}

/** Whether a report is about a key or a service user, by its last records that may say so. */
async function concerns(source: Source, folder: ReportFolder, what: string): Promise<boolean> {
  if (hasSegments(folder, what) || folder.names.includes(candidateIntent(what))) return true;
  for (const name of folder.names.toReversed()) {
    const facts = (await readRecord(source, folder, name))?.record.unmapped;
    const { api_key_id, collateral = [], service_user_id, subject = '' } = facts ?? {};
    const ids = [api_key_id, service_user_id, ...collateral.map((key) => key.api_key_id)];
    // An enrolment is about `<service user>/<key>`.
    if ([...ids, ...subject.split('/')].includes(what)) return true;
    if (api_key_id !== undefined && service_user_id !== undefined) return false;
  }
  return false;
}

async function readIncident(source: Source, folder: ReportFolder): Promise<Incident> {
  const records = await Promise.all(folder.names.map((name) => readRecord(source, folder, name)));
  const inOrder = records
    .filter((record) => record !== undefined)
    .sort((a, b) => a.record.time - b.record.time || (a.name < b.name ? -1 : 1));
  return { report_id: folder.report_id, records: inOrder };
}
