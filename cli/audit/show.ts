import { OUTCOME, REHEARSAL } from '../../lib/audit/record-path.ts';
import { duration } from '../terminal/duration.ts';
import type { Line } from '../terminal/terminal.ts';
import type { Incident } from './find-incidents.ts';
import { aftermathLines, messageOf } from './log/aftermath-lines.ts';
import type { ReadRecord, ShownRecord } from './log/shown-record.ts';

/** The timeline of an incident, for a person who was just paged. Times are relative to the leak. */
export function timeline({ records: read, report_id }: Incident): Line[] {
  const records = read.map(({ record }) => record);
  const report = records[0]?.unmapped.report;
  const since = report?.leaked_at ?? report?.reported_at ?? records[0]?.time ?? 0;
  const began = report?.leaked_at === undefined ? 'reported' : 'leaked';
  const lines: [at: number, text: string][] = [];
  if (report) {
    const by = records[0]?.actor.user ? ` (${records[0].actor.user.name})` : '';
    lines.push([report.seen_at, `report received from ${report.detector}${by}${colon(report.reason)}`]);
  }
  for (const record of read) lines.push(...linesOf(record));
  lines.sort(([a], [b]) => a - b);
  return [
    { text: `${report_id}: ${status(read).replaceAll('_', ' ').toUpperCase()}`, style: 'bold' },
    `  ${keyText(records)}`,
    `  ${began} ${new Date(since).toISOString()}`,
    ...lines.map(([at, text]): Line => {
      const line = `  ${relative(at - since).padStart(10)}  ${text}`;
      return /^[A-Z]{4}/.test(text) ? { text: line, style: 'yellow' } : line;
    }),
  ];
}

/** How the report ended, or where it stands. */
function status(records: Incident['records']): string {
  const ending =
    records.find(({ name }) => name === OUTCOME) ??
    records.find(({ name }) => name === REHEARSAL) ??
    records.at(-1);
  return ending?.record.status_code ?? 'unknown';
}

function linesOf({ json, record }: ReadRecord): [at: number, text: string][] {
  const { status_code, status_detail, time, unmapped } = record;
  const { alert, kind, next_step, proof } = unmapped;
  switch (kind) {
    case 'act': {
      const by = record.actor.user === undefined ? '' : ` by ${record.actor.user.name}`;
      const of = unmapped.act === 'enrol' ? ` ${unmapped.subject}` : '';
      return [[time, `${unmapped.act ?? 'act'}${of}${by}${colon(unmapped.reason)}`]];
    }
    case 'intent':
      if (unmapped.delete_sent_at !== undefined) {
        return [[unmapped.delete_sent_at, `DELETE of ${unmapped.api_key_id} sent`]];
      }
      return [
        [time, `intent on record: revoke ${unmapped.api_key_id ?? `a key of ${unmapped.service_user_id}`}`],
      ];
    case 'alert':
      return [[time, alert?.closed ? 'alert closed' : `ALERT STILL OPEN${colon(alert?.reason)}`]];
    case 'attempt':
      return [
        [
          time,
          `attempt ${unmapped.attempt ?? '?'} ${status_code.replaceAll('_', ' ')}${colon(status_detail)}`,
        ],
      ];
    case 'aftermath_intent':
      return messageOf(json).map((text) => [time, `intent on record: ${text}`]);
    case 'aftermath':
      return aftermathLines({ json }).map((text) => [time, `aftermath: ${text}`]);
    default: {
      const seen = proof
        ? [[proof.at, `proven dead by ${proof.method}, probe ${proof.probes}`] as const]
        : [];
      const ending = `outcome: ${status_code.replaceAll('_', ' ')}${colon(status_detail)}`;
      const leaks = (unmapped.leaks ?? []).map(
        (leak, index) =>
          [time, `leak ${index + 1}: ${leak.status.replaceAll('_', ' ')}, ${leakKey(leak)}`] as const,
      );
      const flag = unmapped.intent_stored === false ? ' (no intent: the store was down)' : '';
      const next = next_step === undefined ? [] : [[time, `NEXT: ${next_step}`] as const];
      return [...seen, ...leaks, [time, `${ending}${flag}`] as const, ...next].map(([at, text]) => [
        at,
        text,
      ]);
    }
  }
}

function leakKey({
  api_key_id,
  service_user_id,
}: NonNullable<ShownRecord['unmapped']['leaks']>[number]): string {
  if (service_user_id === undefined) return 'the key is not known';
  return `key ${api_key_id ?? '(not known)'} of ${service_user_id}`;
}

function keyText(records: readonly ShownRecord[]): string {
  const known = records.toReversed().map(({ unmapped }) => unmapped);
  const service_user_id = known.find((facts) => facts.service_user_id)?.service_user_id;
  const api_key_id = known.find((facts) => facts.api_key_id)?.api_key_id;
  const name = known.find((facts) => facts.api_key_name)?.api_key_name;
  if (service_user_id === undefined) return 'the key is not known';
  return `key ${api_key_id ?? '(not known)'}${name === undefined ? '' : ` "${name}"`} of ${service_user_id}`;
}

function colon(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `: ${text}`;
}

/** `+850 ms`, `+2.3 s`, `+4 min 10 s`, `+3 h 5 min`, `+2 d 3 h` */
export function relative(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${duration(Math.abs(ms))}`;
}
