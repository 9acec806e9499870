import { formatHead } from '../../../lib/audit/digest/format.ts';
import type { ExitCodes } from '../../command/exit-codes.ts';
import type { Line, Style } from '../../terminal/terminal.ts';
import type { Finding } from './finding.ts';
import { total } from './tally.ts';
import type { Verified } from './verify.ts';

export const EXIT_CODES: ExitCodes = {
  0: 'fine: the log is whole, and all work is done',
  1: 'the integrity is broken: something was changed, removed, added or signed late',
  2: 'nothing was verified: no digest yet, wrong arguments, or the log cannot be read',
  3: 'the log is whole, and work is open: reports without an outcome',
};

/** What verifying comes to. */
export interface Verdict {
  readonly name: 'fine' | 'broken' | 'nothing' | 'open';
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** The worst of what was found decides. */
export function verdictOf({ counts, digests }: Pick<Verified, 'counts' | 'digests'>): Verdict {
  if (counts.break > 0) return { name: 'broken', exitCode: 1 };
  if (digests === 0) return { name: 'nothing', exitCode: 2 };
  if (counts.open > 0) return { name: 'open', exitCode: 3 };
  return { name: 'fine', exitCode: 0 };
}

const LABELS = { break: 'BREAK', open: 'OPEN', note: 'NOTE' } as const;
const STYLES: Readonly<Record<Finding['level'], Style>> = { break: 'red', open: 'yellow', note: 'dim' };
const VERDICT_STYLES: Readonly<Record<Verdict['name'], Style>> = {
  fine: 'green',
  open: 'yellow',
  broken: 'red',
  nothing: 'yellow',
};

/** For people: each finding, the files by kind, and the verdict. */
export function verdictLines(verified: Verified): Line[] {
  const { counts, digests, findings, head, tally } = verified;
  const verdict = verdictOf(verified);
  const left = (['break', 'open', 'note'] as const).flatMap((level) => {
    const more = counts[level] - findings.filter((finding) => finding.level === level).length;
    return more > 0 ? [`${LABELS[level]}  … and ${more} more`] : [];
  });
  return [
    ...findings.map(
      ({ key, level, what }): Line => ({ text: `${LABELS[level]}  ${key}  ${what}`, style: STYLES[level] }),
    ),
    ...left,
    ...table(tally),
    ...(head === undefined ? [] : [`head  ${formatHead(head)}`]),
    {
      text: `${sentence(verdict, verified)}: ${plural(digests, 'digest')}, ${plural(total(tally).files, 'file')}, ${total(tally).newer} newer than the last digest`,
      style: VERDICT_STYLES[verdict.name],
    },
  ];
}

function sentence({ name }: Verdict, { counts, tally }: Verified): string {
  switch (name) {
    case 'fine':
      return 'no break, nothing open';
    case 'broken':
      return `${plural(counts.break, 'break')}, ${counts.open} open`;
    case 'open':
      return `no break, ${counts.open} open`;
    case 'nothing':
      return total(tally).files === 0
        ? 'nothing to verify, the log is empty'
        : 'nothing to verify, no day is signed yet';
    default:
      return name satisfies never;
  }
}

function table(tally: Verified['tally']): string[] {
  const rows = Object.entries(tally)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { files, newer }]) => [kind, String(files), String(newer)] as const);
  if (rows.length === 0) return [];
  const all = [['KIND', 'FILES', 'NEWER'] as const, ...rows];
  const [kind, files, newer] = [0, 1, 2].map((at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map(
    (row) => `${row[0].padEnd(kind ?? 0)}  ${row[1].padStart(files ?? 0)}  ${row[2].padStart(newer ?? 0)}`,
  );
}

/** For programs. */
export function verdictJson(verified: Verified) {
  const { counts, digests, findings, head, tally } = verified;
  const { exitCode, name } = verdictOf(verified);
  return {
    verdict: name,
    exit_code: exitCode,
    digests,
    head: head === undefined ? null : formatHead(head),
    files: tally,
    counts,
    findings,
  };
}

function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
