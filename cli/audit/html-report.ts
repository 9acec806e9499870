import { aftermathLines, aftermathsOf } from './aftermath-lines.ts';
import { escapeHtml, histogram } from './histogram.ts';
import { type Incident, keyOf, statusOf, timeToRevoke } from './incidents.ts';
import { STYLE } from './report-css.ts';
import { duration } from './show.ts';

/** A self-contained HTML page: no script, no network, light and dark. */
export function page(incidents: readonly Incident[], { from, to }: { from: string; to: string }): string {
  const times = incidents.flatMap((incident) => timeToRevoke(incident) ?? []).sort((a, b) => a - b);
  const open = openEscalations(incidents);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Leaked Devin API keys, ${from} to ${to}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Leaked Devin API keys</h1>
<p>${from} to ${to}, UTC, by the day of the report. ${plural(incidents.length, 'report')}.</p>
</header>
${tiles(incidents, times, open)}
<section>
<h2>Outcomes</h2>
${outcomes(incidents)}
</section>
<section>
<h2>Time to revoke</h2>
<p class="note">From the leak, as far as the detector knows when it began, to the proof that the key is dead.</p>
${times.length === 0 ? '<p>No key was revoked.</p>' : histogram(times)}
</section>
<section>
<h2>Open escalations</h2>
${open.length === 0 ? '<p>None.</p>' : table(['Reported', 'Report', 'Service user', 'Why', 'What to do'], open.map(escalationRow))}
</section>
<section>
<h2>Aftermath</h2>
<p class="note">What the service user of a leaked key did since the leak, with this key or another of its own.</p>
${aftermathTable(incidents)}
</section>
<section>
<h2>Keys revoked</h2>
${revokedTable(incidents)}
</section>
</main>
</body>
</html>
`;
}

function tiles(incidents: readonly Incident[], times: readonly number[], open: readonly Incident[]): string {
  const shown = [
    ['Keys revoked', String(times.length), ''],
    ['Median time to revoke', times.length === 0 ? '–' : duration(quantile(times, 0.5)), ''],
    ['95th percentile', times.length === 0 ? '–' : duration(quantile(times, 0.95)), ''],
    ['Open escalations', String(open.length), open.length > 0 ? 'bad' : ''],
    ['Without an outcome', String(incidents.filter(({ outcome }) => outcome === undefined).length), ''],
  ];
  return `<dl class="tiles">${shown
    .map(([name, value, mood]) => `<div class="${mood}"><dt>${name}</dt><dd>${value}</dd></div>`)
    .join('')}</dl>`;
}

const MOODS: Record<string, string> = {
  revoked: 'good',
  already_revoked: 'good',
  escalated: 'bad',
  still_alive: 'bad',
  failed: 'bad',
};

function outcomes(incidents: readonly Incident[]): string {
  const counts = [...Map.groupBy(incidents, statusOf)].map(([name, { length }]) => [name, length] as const);
  if (counts.length === 0) return '<p>No report.</p>';
  const most = Math.max(...counts.map(([, count]) => count));
  const rows = counts
    .sort(([, a], [, b]) => b - a)
    .map(
      ([name, count]) =>
        `<tr><th scope="row">${escapeHtml(name.replaceAll('_', ' '))}</th><td class="number">${count}</td>` +
        `<td class="bar"><span class="${MOODS[name] ?? ''}" style="width:${((100 * count) / most).toFixed(1)}%"></span></td></tr>`,
    );
  return `<table class="counts"><tbody>${rows.join('')}</tbody></table>`;
}

/** Escalations whose service user or key saw no revocation afterwards. */
function openEscalations(incidents: readonly Incident[]): Incident[] {
  return incidents.filter((incident) => {
    if (statusOf(incident) !== 'escalated') return false;
    const { service_user_id } = keyOf(incident);
    const closed = incidents.some(
      (other) =>
        other.since > incident.since &&
        statusOf(other) === 'revoked' &&
        service_user_id !== undefined &&
        keyOf(other).service_user_id === service_user_id,
    );
    return !closed;
  });
}

function escalationRow(incident: Incident): string[] {
  const { next_step = '', reason = '' } = incident.outcome?.unmapped ?? {};
  return [
    stamp(incident.since),
    code(incident.report_id),
    code(keyOf(incident).service_user_id ?? '–'),
    escapeHtml(reason),
    escapeHtml(next_step),
  ];
}

function aftermathTable(incidents: readonly Incident[]): string {
  const rows = incidents.flatMap((incident) =>
    aftermathsOf(incident).map((record) => [
      stamp(record.time),
      code(incident.report_id),
      escapeHtml(record.status_code.replaceAll('_', ' ')),
      aftermathLines(record).map(escapeHtml).join('<br>'),
    ]),
  );
  return rows.length === 0
    ? '<p>None on record.</p>'
    : table(['Looked at', 'Report', 'Result', 'What followed'], rows);
}

function revokedTable(incidents: readonly Incident[]): string {
  const rows = incidents
    .filter((incident) => statusOf(incident) === 'revoked')
    .map((incident) => {
      const { api_key_id = '–', service_user_id = '–' } = keyOf(incident);
      const { evidence = '', proof } = incident.outcome?.unmapped ?? {};
      return [
        proof ? stamp(proof.at) : '–',
        code(api_key_id),
        code(service_user_id),
        escapeHtml(evidence.replaceAll('_', ' ')),
        duration(timeToRevoke(incident) ?? 0),
        code(incident.report_id),
      ];
    });
  return rows.length === 0
    ? '<p>None.</p>'
    : table(['Proven dead', 'Key', 'Service user', 'Evidence', 'Time', 'Report'], rows);
}

function table(heads: readonly string[], rows: readonly string[][]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

/** Of sorted values, by nearest rank. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

const stamp = (ms: number): string =>
  `<time>${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}</time>`;
const code = (text: string): string => `<code>${escapeHtml(text).replaceAll('/', '/<wbr>')}</code>`;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
