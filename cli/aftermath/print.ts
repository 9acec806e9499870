import { describeAftermath } from '../../lib/aftermath/describe-aftermath.ts';
import type { Aftermath } from '../../lib/domain/aftermath.ts';

/** What was found, for a terminal: a table of the sessions, then the rest in words. */
export function printAftermath(facts: Aftermath): string {
  const { listed, total } = facts.sessions;
  const rows = listed.map(({ as_user, created_at, end, origin, session_id, status, title, unusual }) => [
    created_at.slice(0, 19).replace('T', ' '),
    session_id,
    end ?? status,
    origin ?? '',
    [...unusual, ...(as_user === undefined ? [] : [`as ${as_user}`])].join(', '),
    title ?? '',
  ]);
  const head = ['CREATED (UTC)', 'SESSION', 'STATUS', 'ORIGIN', 'UNUSUAL', 'TITLE'];
  const more = total > listed.length ? [`and ${total - listed.length} more`, ''] : [];
  const table = rows.length === 0 ? [] : [...columns([head, ...rows]), '', ...more];
  return [...table, ...describeAftermath(facts)].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
