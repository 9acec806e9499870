import type { Block, Totals } from '../../lib/sweep/keys/guardrails.ts';
import type { Entry } from '../../lib/sweep/keys/plan.ts';
import { csvLine } from '../terminal/csv.ts';
import { printable } from '../terminal/printable.ts';

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
export function tableLines(entries: readonly Entry[]): string[] {
  const rows = ordered(entries).map(toRow);
  const header = Object.fromEntries(COLUMNS.map((name) => [name, name.replace('_', ' ').toUpperCase()]));
  const lines = [header, ...rows].map((row) => COLUMNS.map((name) => row[name] ?? ''));
  const widths = COLUMNS.map((_name, at) =>
    lines.reduce((most, line) => Math.max(most, line[at]?.length ?? 0), 0),
  );
  return lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The entries as CSV, revocations first. */
export function csvLines(entries: readonly Entry[]): string[] {
  const rows = ordered(entries).map(toRow);
  return [csvLine(COLUMNS), ...rows.map((row) => csvLine(COLUMNS.map((name) => row[name])))];
}

/** The figures of the plan, and what would block it. */
export function totalLines(
  { active, keys, revoke, rules, users, warn }: Totals,
  blocks: readonly Block[],
): string[] {
  const kept = keys - revoke - warn;
  return [
    `${keys} keys of ${users} service users, ${active} active: ${revoke} to revoke, ${warn} to warn of, ${kept} to keep`,
    ...Object.entries(rules).map(([rule, count]) => `  ${rule.padEnd(14)} ${count}`),
    ...blocks.map(({ reason }) => `blocked: ${reason}`),
  ];
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
    key_name: printable(entry.api_key_name),
    owner: entry.service_user_id,
    owner_name: printable(entry.service_user_name),
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
