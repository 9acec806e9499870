import { printable } from './printable.ts';

/**
 * A line of RFC 4180 without its end. A cell that a spreadsheet would interpret as a formula begins with an apostrophe,
 * and control characters are written out, so that every line is one record.
 */
export function csvLine(cells: readonly string[]): string {
  return cells.map(cell).join(',');
}

function cell(text: string): string {
  const plain = printable(text);
  const safe = /^[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
