import type { Block, Totals } from '../../lib/sweep/keys/guardrails.ts';
import type { Entry } from '../../lib/sweep/keys/plan.ts';

const COLUMNS = [
  'decision',
  'rule',
  'expires',
  'last_used',
  'key',
  'key_name',
  'owner',
  'owner_name',
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** The entries of a plan as a table for a terminal; revocations first. */
export function printTable(entries: readonly Entry[]): string {
  const rows = ordered(entries).map(toRow);
  const header = Object.fromEntries(COLUMNS.map((name) => [name, name.replace('_', ' ').toUpperCase()]));
  const lines = [header, ...rows].map((row) => COLUMNS.map((name) => row[name] ?? ''));
  const widths = COLUMNS.map((_name, at) =>
    lines.reduce((most, line) => Math.max(most, line[at]?.length ?? 0), 0),
  );
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** RFC 4180. A cell that a spreadsheet would interpret as a formula begins with an apostrophe. */
export function printCsv(entries: readonly Entry[]): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = ordered(entries)
    .map(toRow)
    .map((row) => COLUMNS.map((name) => cell(row[name])).join(','));
  return [COLUMNS.join(','), ...lines].join('\r\n');
}

/** The figures of the plan, and what would block it. */
export function printTotals(
  { active, keys, revoke, rules, users, warn }: Totals,
  blocks: readonly Block[],
): string {
  const kept = keys - revoke - warn;
  const lines = [
    `${keys} keys of ${users} service users, ${active} active: ${revoke} to revoke, ${warn} to warn of, ${kept} to keep`,
    ...Object.entries(rules).map(([rule, count]) => `  ${rule.padEnd(14)} ${count}`),
    ...blocks.map(({ reason }) => `blocked: ${reason}`),
  ];
  return lines.join('\n');
}

/** @param total `undefined` where the API does not report it */
export function progressBar(done: number, total: number | undefined, width = 30): string {
  if (total === undefined || total <= 0) return `${done} service users`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor(share * 100)} %  ${done} of ${total} service users`;
}

function toRow(entry: Entry): Row {
  const spared = entry.spared_from === undefined ? '' : ` (${entry.spared_from})`;
  const threshold = entry.threshold_days === undefined ? '' : ` (${entry.threshold_days} days)`;
  const doubt = entry.doubt === undefined ? '' : ` (${entry.doubt})`;
  return {
    decision: entry.decision,
    rule: entry.rule + spared + threshold + doubt,
    expires: day(entry.expires_at, 'never'),
    last_used: day(entry.last_used_at, 'never'),
    key: entry.api_key_id,
    key_name: entry.api_key_name,
    owner: entry.service_user_id,
    owner_name: entry.service_user_name,
  };
}

/** @param seconds UNIX seconds; what is not a date is printed unchanged */
function day(seconds: number | null | undefined, otherwise: string): string {
  if (seconds === null || seconds === undefined) return otherwise;
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 10);
}

/** Revocations first. */
function ordered(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => rank(a) - rank(b));
}

function rank({ decision }: Entry): number {
  return ['revoke', 'warn', 'keep'].indexOf(decision);
}
