import { duration } from '../../terminal/duration.ts';
import type { Figures, Period } from './figures.ts';

/** What is known of the log from which a report was made. */
export type LogCheck =
  | { readonly status: 'unchecked' }
  | { readonly status: 'unsigned' }
  | { readonly status: 'verified'; readonly to: string }
  | { readonly status: 'broken'; readonly breaks: number };

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** `31 July 2026` */
export function longDay(day: string): string {
  const [year, month, date] = day.split('-').map(Number);
  return `${date} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}

/** `July 2026`, `30 July 2026`, `30 July to 2 August 2026`; the year once where it is the same. */
export function periodText({ from, to }: Period): string {
  if (from === to) return longDay(from);
  const [year = '', month = ''] = from.split('-');
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).toISOString().slice(0, 10);
  if (from.endsWith('-01') && to === last) return `${MONTHS[Number(month) - 1]} ${year}`;
  const start = from.slice(0, 4) === to.slice(0, 4) ? longDay(from).replace(/ \d+$/, '') : longDay(from);
  return `${start} to ${longDay(to)}`;
}

/** The report in one sentence. */
export function headline({ leaks, median, period, slowest, states }: Figures, check: LogCheck): string {
  const text = periodText(period);
  const within = period.from === period.to ? 'on' : /^\d/.test(text) ? 'from' : 'in';
  const times =
    median === undefined || slowest === undefined
      ? ''
      : `, median ${duration(median)}, slowest ${duration(slowest)}`;
  const parts = [
    `${plural(leaks.length, 'leak')} ${within} ${text}`,
    ...(leaks.length === 0 ? [] : [`${states.dead} dead${times}`]),
    ...(states.alive === 0 ? [] : [`${plural(states.alive, 'token')} still alive`]),
    ...(states.escalated === 0 ? [] : [`${states.escalated} left to a person`]),
    ...(states.not_found === 0 ? [] : [`${states.not_found} not known to Devin`]),
    ...(states.unfinished === 0 ? [] : [`${states.unfinished} without an outcome`]),
    ...(states.pending === 0 ? [] : [`${states.pending} in progress`]),
    checkText(check),
  ];
  return `${parts.join('; ')}.`;
}

export function checkText(check: LogCheck): string {
  switch (check.status) {
    case 'unchecked':
      return 'log not verified';
    case 'unsigned':
      return 'log not signed yet';
    case 'verified':
      return `log verified to ${longDay(check.to)}`;
    case 'broken':
      return `LOG NOT INTACT: ${plural(check.breaks, 'break')}`;
    default:
      return check satisfies never;
  }
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
