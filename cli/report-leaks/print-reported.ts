import { printableJson } from '../terminal/printable.ts';
import { type Line, printLines, type Terminal } from '../terminal/terminal.ts';
import type { Gathered } from './gather-leaks.ts';
import { placeText, type SentLeak } from './send-leaks.ts';

type Reported = Pick<Gathered, 'findings' | 'unreadable'> & { readonly leaks: readonly SentLeak[] };

/** Prints each place at which a key was found, and what became of the key. It never prints a key. */
export function printReported(
  { findings, leaks, unreadable }: Reported,
  { json, terminal }: { json: boolean; terminal: Terminal },
): void {
  if (json) {
    const shown = leaks.map(({ answer, places }) => ({ ...answer, places }));
    terminal.out.write(`${printableJson({ findings, unreadable, leaks: shown })}\n`);
  } else {
    printLines(terminal.out, [...leaks.flatMap(leakLines), summary(findings, leaks)]);
  }
  if (unreadable > 0) {
    const entries = unreadable === 1 ? '1 entry of the report is' : `${unreadable} entries of the report are`;
    printLines(terminal.err, [{ text: `${entries} of no known scanner, and not looked at`, style: 'red' }]);
  }
}

function leakLines({ answer, places }: SentLeak): Line[] {
  const end = answer.accepted ? `report ${answer.report_id}` : answer.reason;
  return places.map((place) => ({
    text: `${statusOf(answer).padEnd(8)}  ${placeText(place)}  ${place.rule} (${place.scanner})  ${end}`,
    style: answer.accepted ? 'green' : 'red',
  }));
}

function summary(findings: number, leaks: readonly SentLeak[]): string {
  const accepted = leaks.filter(({ answer }) => answer.accepted).length;
  const keys =
    leaks.length === 0
      ? 'no Devin key'
      : `${counted(leaks.length, 'Devin key')}, ${accepted} accepted and ${leaks.length - accepted} refused`;
  return `${keys}; the report has ${counted(findings, 'finding')}`;
}

function statusOf({ accepted }: SentLeak['answer']): string {
  return accepted ? 'accepted' : 'refused';
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
