import { aftermathLines } from './aftermath-lines.ts';
import { type Incident, keyOf, type ShownRecord, statusOf } from './incidents.ts';

/** Whether an incident matches a day, a report (or the end of its id), a key or a service user. */
export function matches(incident: Incident, what: string): boolean {
  if (incident.day === what || incident.report_id === what) return true;
  const { api_key_id, service_user_id } = keyOf(incident);
  return api_key_id === what || service_user_id === what || `/${incident.report_id}/`.includes(`/${what}/`);
}

/** The timeline of an incident, for a person who was just paged. Times are relative to the leak. */
export function timeline(incident: Incident): string[] {
  const { records, report_id, since } = incident;
  const report = records[0]?.unmapped.report;
  const began = report?.leaked_at === undefined ? 'reported' : 'leaked';
  const lines: [at: number, text: string][] = [];
  if (report) {
    const by = records[0]?.actor.user ? ` (${records[0].actor.user.name})` : '';
    const seen = report.seen_at ?? since;
    lines.push([seen, `report received from ${report.detector}${by}${colon(report.reason)}`]);
  }
  for (const record of records) lines.push(...linesOf(record));
  lines.sort(([a], [b]) => a - b);
  return [
    `${report_id}: ${statusOf(incident).replaceAll('_', ' ').toUpperCase()}`,
    `  ${keyText(incident)}`,
    `  ${began} ${new Date(since).toISOString()}`,
    ...lines.map(([at, text]) => `  ${relative(at - since).padStart(10)}  ${text}`),
  ];
}

function linesOf(record: ShownRecord): [at: number, text: string][] {
  const { status_code, status_detail, time, unmapped } = record;
  const { alert, kind, next_step, proof } = unmapped;
  switch (kind) {
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
      return [[time, `intent on record: ${record.message}`]];
    case 'aftermath':
      return aftermathLines(record).map((text) => [time, `aftermath: ${text}`]);
    default: {
      const seen = proof
        ? [[proof.at, `proven dead by ${proof.method}, probe ${proof.probes}`] as const]
        : [];
      const ending = `outcome: ${status_code.replaceAll('_', ' ')}${colon(status_detail)}`;
      const flag = unmapped.intent_stored === false ? ' (no intent: the store was down)' : '';
      const next = next_step === undefined ? [] : [[time, `NEXT: ${next_step}`] as const];
      return [...seen, [time, `${ending}${flag}`] as const, ...next].map(([at, text]) => [at, text]);
    }
  }
}

function keyText(incident: Incident): string {
  const { api_key_id, service_user_id } = keyOf(incident);
  const name = incident.outcome?.unmapped.api_key_name;
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

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
