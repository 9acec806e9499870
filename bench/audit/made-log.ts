import { auditRecord } from '../../lib/audit/ocsf-record.ts';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { recordPath } from '../../lib/audit/record-path.ts';
import { openNotes } from '../../lib/audit/stored-note.ts';
import type { LeakReport } from '../../lib/domain/report.ts';
import type { VirtualFolder } from './virtual-s3.ts';

const DAY_MS = 86_400_000;
/** Stands in the bodies for the number of the report. */
const PLACE = '00000000';

/** A day of an audit log: each report has an intent and an outcome, and a note in the index of intents. */
export interface MadeDay {
  readonly records: VirtualFolder;
  readonly notes: VirtualFolder;
  /** The key of a report's note. */
  noteOf(report: number): string;
}

/** @param count records, two for each report @param day such as `2026-07-30` */
export function madeDay(day: string, count: number): MadeDay {
  const begin = Date.parse(`${day}T00:00:00.000Z`);
  const reports = Math.ceil(count / 2);
  const bodies = bodiesOf(begin);
  const prefix = `records/date=${day}/`;
  const notesPrefix = `index/open/date=${day}/`;
  const names = ['10-intent.json', '90-outcome.json'] as const;
  const name = (index: number) => `${folder(index >> 1)}${names[index % 2 === 0 ? 0 : 1]}`;
  /** The notes are spread over the day. */
  const noteName = (report: number): string => {
    const time = begin + Math.floor((report / reports) * DAY_MS);
    return `${openNotes(time).slice(notesPrefix.length)}${prefix}${name(report * 2)}`;
  };
  return {
    records: {
      prefix,
      count,
      name,
      after: (text) => firstAfter(text, count, name),
      numberIn: (text) => 2 * numberIn(text) + Number(text.endsWith(names[1])),
      body: (index) => numbered(bodies[index % 2 === 0 ? 0 : 1], index >> 1),
      size: (index) => Buffer.byteLength(bodies[index % 2 === 0 ? 0 : 1]),
      at: begin + DAY_MS / 2,
    },
    notes: {
      prefix: notesPrefix,
      count: reports,
      name: noteName,
      after: (text) => firstAfter(text, reports, noteName),
      numberIn,
      body: () => '{}',
      size: () => 2,
      at: begin + DAY_MS / 2,
    },
    noteOf: (report) => notesPrefix + noteName(report),
  };
}

/** A report without an outcome, as it is stored. */
export function lostReport(day: string): { readonly path: string; readonly body: string } {
  const time = Date.parse(`${day}T23:00:00.000Z`);
  const [body] = bodiesOf(time);
  return {
    path: recordPath({ report_id: `github/${numbered(folder(0), 0)}`, reported_at: time }, '10-intent'),
    body,
  };
}

function folder(report: number): string {
  return numbered(`github/acme/webshop/${PLACE}/created/20260730T120000000Z/`, report);
}

function numbered(text: string, report: number): string {
  return text.replaceAll(PLACE, String(report).padStart(8, '0'));
}

/** The number of the report in a name. */
function numberIn(name: string): number {
  return Number(/\/(\d{8})\//.exec(name)?.[1] ?? -1);
}

/** The number of the first name that sorts after a text. */
function firstAfter(text: string, count: number, name: (index: number) => string): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (name(middle) > text) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An intent and an outcome, by the code that writes them. */
function bodiesOf(begin: number): [intent: string, outcome: string] {
  const key = { service_user_id: 'service-user-a1f0a1', api_key_id: `key-${PLACE}` };
  const report: LeakReport = {
    version: 1,
    report_id: `github/acme/webshop/${PLACE}/created/20260730T120000000Z`,
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: begin,
    seen_at: begin,
    leak: { kind: 'key', ...key },
  };
  const context = { region: 'eu-central-1', account: '111122223333', requestId: 'request', attempt: 1 };
  const stamp = (name: string) => ({ name, time: begin + DAY_MS / 2 });
  const intent = auditRecord(report, { kind: 'intent', key }, context, stamp('10-intent'));
  const outcome = auditRecord(
    report,
    {
      kind: 'outcome',
      intentStored: true,
      outcome: {
        status: 'revoked',
        evidence: 'token_rejected',
        report_id: report.report_id,
        ...key,
        proof: { method: 'token', probes: 3, at: begin + DAY_MS / 2 },
      },
    },
    context,
    stamp('90-outcome'),
  );
  return [serialise(intent), serialise(outcome)];
}
