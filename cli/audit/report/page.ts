import { duration } from '../../terminal/duration.ts';
import { dayChart, timeChart } from './charts.ts';
import type { LeakFacts } from './facts.ts';
import type { Count, Figures } from './figures.ts';
import { Html, html, type Part } from './html.ts';
import { isDead, type Leak } from './leaks.ts';
import type { Need } from './needs.ts';
import { STYLE } from './style.ts';
import { code, foldedTable, stamp } from './table.ts';
import { checkText, headline, type LogCheck, periodText, plural } from './words.ts';

export interface PageOptions {
  readonly check: LogCheck;
  /** Epoch milliseconds. */
  readonly madeAt: number;
  /** Where the log was read. */
  readonly where: string;
  /** The name of the CSV beside the page. */
  readonly csv?: string | undefined;
}

/** A self-contained HTML page: no script, nothing loaded. */
export function page(figures: Figures, options: PageOptions): string {
  const { period } = figures;
  const { check, csv, madeAt, where } = options;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Leaked Devin API keys, ${periodText(period)}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>Leaked Devin API keys</h1>
<p class="lead">${headline(figures, check)}</p>
<p class="made">Made on ${stamp(madeAt)} UTC from ${code(where)}; ${checkText(check)}. Days are in UTC, by the day of the report.</p>
</header>
${needsSection(figures.needs, csv)}
${section('Leaks by day', [html`<p class="note"><span class="key fill"></span>dead <span class="key other"></span>anything else</p>`, dayChart(figures.leaks, period)])}
${timeSection(figures)}
${section('By repository', countTable('Repository', figures.byRepository, csv, false))}
${section('By service user', countTable('Service user', figures.byServiceUser, csv, true))}
<div class="pair">
${useSection(figures, csv)}
${section('How the key was found', attributionTable(figures))}
</div>
${aftermathSection(figures, csv)}
${section('All leaks', leakTable(figures.leaks, csv))}
${sweepSection(figures, csv)}
</main>
</body>
</html>
`.text;
}

function section(title: string, content: Part): Html {
  return html`<section><h2>${title}</h2>${content}</section>`;
}

const NEEDS: Readonly<Record<Need['kind'], string>> = {
  alive: 'Tokens still alive',
  escalated: 'Open escalations',
  own_key: 'Our own key leaked',
  collateral: 'Keys that were revoked beside a leaked one',
  alert_open: 'Alerts left open',
  lost: 'Reports without an outcome',
};

function needsSection(needs: readonly Need[], csv: string | undefined): Html {
  if (needs.length === 0) return html`<section class="needs"><h2>Needs you now</h2><p>Nothing.</p></section>`;
  const heads = ['Reported', 'Leak', 'Key', 'Why', 'What to do'];
  const groups = [...Map.groupBy(needs, ({ kind }) => kind)].map(([kind, own]) => {
    const rows = own.map(({ next, report, why }) => [
      stamp(report.reported_at),
      link(report),
      keyText(report),
      why,
      next,
    ]);
    return html`<h3 data-need="${kind}">${NEEDS[kind]}: ${own.length}</h3>${foldedTable({ heads, rows, csv })}`;
  });
  return html`<section class="needs some"><h2>Needs you now</h2>${groups}</section>`;
}

function timeSection({ median, slowest, times }: Figures): Html {
  const note = html`<p class="note">From the leak, as far as the detector knows when it began, to the proof that the key is dead. Leaks only.</p>`;
  if (median === undefined || slowest === undefined)
    return section('Time to revoke', html`<p>No key was revoked.</p>`);
  const figures = `${plural(times.length, 'key')}: median ${duration(median)}, slowest ${duration(slowest)}`;
  return section('Time to revoke', [note, html`<p>${figures}.</p>`, timeChart(times)]);
}

function countTable(name: string, counts: readonly Count[], csv: string | undefined, hasKeys: boolean): Html {
  if (counts.length === 0) return html`<p>None.</p>`;
  const rows = counts.map((count) => [
    code(count.name),
    count.leaks,
    count.dead,
    ...(hasKeys ? [keyList(count.keys)] : []),
  ]);
  return foldedTable({ heads: [name, 'Leaks', 'Dead', ...(hasKeys ? ['Keys'] : [])], rows, csv });
}

function keyList(keys: readonly string[]): Html {
  const left = keys.length - 5;
  return html`${keys.slice(0, 5).join(', ') || '–'}${left > 0 ? ` and ${left} more` : undefined}`;
}

function useSection(
  { leaks, useAfterLeak: { unknown, unused, used } }: Figures,
  csv: string | undefined,
): Html {
  const rows = used.map(({ main }) => [link(main), keyText(main), main.facts.exposure?.last_used_at ?? '–']);
  return section('Use after the leak', [
    html`<p>${used.length} used, ${unused} not used, ${unknown} not known, of ${plural(leaks.length, 'leak')}.</p>`,
    rows.length === 0 ? undefined : foldedTable({ heads: ['Leak', 'Key', 'Last used'], rows, csv }),
  ]);
}

/** What the service user of a leaked key did since the leak, with this key or another of its own. */
function aftermathSection({ leaks }: Figures, csv: string | undefined): Html {
  const rows = leaks.flatMap(({ main }) =>
    main.aftermath.length === 0
      ? []
      : [[link(main), code(main.facts.service_user_id), main.aftermath.map((line) => html`<p>${line}</p>`)]],
  );
  return section('Aftermath', [
    html`<p class="note">What the service user of a leaked key did since the leak, with this key or another of its own.</p>`,
    rows.length === 0
      ? html`<p>None on record.</p>`
      : foldedTable({ heads: ['Leak', 'Service user', 'What followed'], rows, csv }),
  ]);
}

function attributionTable({ attribution }: Figures): Html {
  if (attribution.length === 0) return html`<p>No key was revoked.</p>`;
  const rows = attribution.map(({ confidence, leaks, method }) => [
    method.replaceAll('_', ' '),
    confidence,
    leaks,
  ]);
  return foldedTable({ heads: ['By', 'Confidence', 'Leaks'], rows });
}

function leakTable(leaks: readonly Leak[], csv: string | undefined): Html {
  if (leaks.length === 0) return html`<p>None.</p>`;
  const rows = leaks.map(({ main, since, state, timeToRevoke }) => [
    stamp(since),
    link(main),
    keyText(main),
    state.replaceAll('_', ' '),
    timeToRevoke === undefined ? '–' : duration(timeToRevoke),
  ]);
  return foldedTable({ heads: ['Leaked', 'Leak', 'Key', 'State', 'Time'], rows, csv });
}

function sweepSection({ plans, rehearsed, swept }: Figures, csv: string | undefined): Html {
  const dead = swept.filter(isDead).length;
  const open = swept.length - dead;
  const note = html`<p>${plural(plans.length, 'plan')}; ${plural(dead, 'key')} revoked by sweeps${open === 0 ? undefined : `, ${open} not`}.${rehearsed === 0 ? undefined : ` ${plural(rehearsed, 'rehearsal')} changed nothing.`}</p>`;
  const rows = plans.map(({ at, blocks, mode, plan_id, revoke, verdict, warn }) => [
    stamp(at),
    code(plan_id),
    mode,
    verdict,
    revoke,
    warn,
    blocks.join('; ') || '–',
  ]);
  const heads = ['Planned', 'Plan', 'Mode', 'Verdict', 'Revoke', 'Warn', 'Blocked by'];
  return section('Sweeps', [note, rows.length === 0 ? undefined : foldedTable({ heads, rows, csv })]);
}

/** A leak by the page of its alert, where it has one. */
function link({ alert, report_id }: LeakFacts): Html {
  if (alert === undefined) return code(report_id);
  const { number, owner, repo } = alert;
  const [account, repository] = [owner, repo].map(encodeURIComponent);
  const url = `https://github.com/${account}/${repository}/security/secret-scanning/${number}`;
  return html`<a href="${url}" rel="noreferrer">${owner}/${repo} #${number}</a>`;
}

function keyText({ facts }: LeakFacts): Html {
  const { api_key_id, api_key_name, service_user_id } = facts;
  if (service_user_id === undefined) return html`not known`;
  const key = api_key_name ?? api_key_id;
  return html`${key === undefined ? 'a key' : code(key)} of ${code(service_user_id)}`;
}
