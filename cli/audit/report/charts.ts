import { dayOf, nextDay, startOf } from '../../../lib/audit/digest/days.ts';
import type { Period } from './figures.ts';
import { type Html, html } from './html.ts';
import type { Leak } from './leaks.ts';

/** Upper ends of the bars, milliseconds, and their labels. Time to revoke spans orders of magnitude. */
const BINS: readonly (readonly [end: number, label: string])[] = [
  [1_000, 'under 1 s'],
  [2_000, '1–2 s'],
  [5_000, '2–5 s'],
  [10_000, '5–10 s'],
  [30_000, '10–30 s'],
  [60_000, '30–60 s'],
  [600_000, '1–10 min'],
  [3_600_000, '10–60 min'],
  [Number.POSITIVE_INFINITY, 'over 1 h'],
];

/** How many keys were dead after which time, as bars. @param times milliseconds, sorted */
export function timeChart(times: readonly number[]): Html {
  const counts = BINS.map(
    ([end], at) => times.filter((ms) => ms < end && ms >= (BINS[at - 1]?.[0] ?? 0)).length,
  );
  const most = Math.max(1, ...counts);
  const rows = BINS.map(([, label], at) => {
    const count = counts[at] ?? 0;
    return html`<li><span class="label">${label}</span><span class="track"><span class="fill" style="width:${percent(count, most)}"></span></span><span class="number">${count}</span></li>
`;
  });
  return html`<ol class="bars" data-chart="time">
${rows}</ol>`;
}

/** The leaks of each day or, for long periods, of each week or month, as columns. */
export function dayChart(leaks: readonly Leak[], period: Period): Html {
  const buckets = bucketsOf(period);
  const ends = buckets.slice(1).map(({ start }) => start);
  const columns = buckets.map((bucket) => ({ ...bucket, dead: 0, other: 0 }));
  for (const leak of leaks) {
    const at = ends.findIndex((end) => leak.main.reported_at < end);
    const column = columns[at < 0 ? columns.length - 1 : at];
    if (column === undefined) continue;
    if (leak.state === 'dead') column.dead += 1;
    else column.other += 1;
  }
  const top = roundUp(Math.max(1, ...columns.map(({ dead, other }) => dead + other)));
  const lines = ticks(top).map(
    (tick) => html`<span class="tick" style="bottom:${percent(tick, top)}"><span>${tick}</span></span>`,
  );
  const labels = [...new Set([0, Math.floor((columns.length - 1) / 2), columns.length - 1])];
  return html`<div class="columns" data-chart="day"><div class="plot">${lines}<div class="row">
${columns.map(
  ({ dead, label, other }) =>
    html`<span class="column" data-count="${dead + other}" title="${label}: ${dead + other}, ${dead} dead"><span class="other" style="height:${percent(other, top)}"></span><span class="fill" style="height:${percent(dead, top)}"></span></span>
`,
)}</div></div><div class="axis">${labels.map((at) => html`<span>${columns[at]?.label}</span>`)}</div></div>`;
}

interface Bucket {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly label: string;
}

/** So many columns are legible on a phone. */
const MOST = 31;
const DAY_MS = 86_400_000;

function bucketsOf({ from, to }: Period): Bucket[] {
  const days = Math.round((startOf(nextDay(to)) - startOf(from)) / DAY_MS);
  const months = `${from.slice(0, 7)}-01`;
  if (days > MOST * 7)
    return starts(months, to, nextMonth).map((day) => ({ start: startOf(day), label: day.slice(0, 7) }));
  const step = days > MOST ? 7 : 1;
  const label = (day: string) => (step === 7 ? `week of ${day}` : day);
  return starts(from, to, (day) => dayOf(startOf(day) + step * DAY_MS)).map((day) => ({
    start: startOf(day),
    label: label(day),
  }));
}

function starts(from: string, to: string, next: (day: string) => string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = next(day)) days.push(day);
  return days;
}

function nextMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

/** At most five ticks, at 1, 2 or 5 times a power of ten. */
function ticks(top: number): number[] {
  const step = stepOf(top);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, at) => at * step);
}

/** The first tick at or above a count. */
function roundUp(most: number): number {
  const step = stepOf(most);
  return Math.ceil(most / step) * step;
}

function stepOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most / 4)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 4) ?? 10 * power;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)}%`;
}
