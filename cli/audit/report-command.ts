import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { nextDay } from '../../lib/audit/digest/days.ts';
import { errorFields } from '../../lib/platform/log.ts';
import type { RunAct } from '../command/act.ts';
import { checkOrder, dayOption } from '../command/day-option.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { UsageError } from '../command/usage-error.ts';
import { printableJson } from '../terminal/printable.ts';
import { type Progress, showProgress } from '../terminal/progress.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { concurrently } from './log/concurrently.ts';
import { openSource } from './log/open-source.ts';
import { type Days, reportFolders } from './log/report-folders.ts';
import type { Source } from './log/source.ts';
import { type RuleFlags, readRules, withRules } from './log-rules.ts';
import { reportCsv } from './report/csv.ts';
import { type Facts, type LeakFacts, readFacts } from './report/facts.ts';
import { type Figures, figures, type Period } from './report/figures.ts';
import { page } from './report/page.ts';
import { summary } from './report/summary.ts';
import { headline, type LogCheck } from './report/words.ts';
import { verify } from './verify/verify.ts';
import { lastDueDay } from './verify-command.ts';

interface Flags extends RuleFlags {
  readonly from: string;
  readonly to: string;
  readonly in?: string;
  readonly output?: string;
  readonly key?: string;
  readonly json?: true;
}

/** `audit-log report`: what leaked in a period, as a page to be passed on. */
export function reportCommand(command: Command, terminal: Terminal, run: RunAct): void {
  withRules(command)
    .description('Writes a self-contained HTML page: what leaked, what is dead, and what needs a person now.')
    .requiredOption('--from <day>', 'the first day', dayOption)
    .requiredOption('--to <day>', 'the last day', dayOption)
    .option('--in <folder|s3://bucket>', 'where the log is')
    .option('-o, --output <file>', 'write the page to this file, and every report to a CSV beside it')
    .option('--key <file>', 'verify the log with this public key, and say so in the report')
    .option('--json', 'print the figures as JSON instead of the page')
    .addHelpText(
      'after',
      exitCodeHelp({
        0: 'written',
        1: 'written, and the log is not intact',
        2: 'wrong arguments, or the log cannot be read',
      }),
    )
    .action((flags: Flags) => run(() => report(flags, terminal)));
}

async function report(flags: Flags, terminal: Terminal): Promise<number> {
  checkOrder(flags);
  if (flags.key === undefined && (flags.expectHead ?? flags.missedRuns) !== undefined)
    throw new UsageError('--expect-head and --missed-runs need --key');
  const { from, key, output, to } = flags;
  const now = terminal.now();
  const source = await openSource(flags.in, terminal.env);
  const check =
    key === undefined ? ({ status: 'unchecked' } as const) : await checkLog(source, key, flags, terminal);
  const progress = showProgress(terminal, 'reports');
  const shown = await readFigures(source, { from, to }, now, progress).finally(progress.stop);
  const csv = output === undefined ? undefined : `${basename(output, extname(output))}.csv`;
  const options = { check, madeAt: now, where: source.name, csv };
  if (output !== undefined) {
    await toFile(output, () => writeFile(output, page(shown.figures, options)));
    await toFile(csvPath(output), () => writeCsv(csvPath(output), shown.reports));
  }
  if (flags.json) terminal.out.write(`${printableJson(summary(shown.figures, options))}\n`);
  else if (output === undefined) terminal.out.write(page(shown.figures, options));
  else printLines(terminal.out, [headline(shown.figures, check), `${output}, ${csvPath(output)}`]);
  return check.status === 'broken' ? 1 : 0;
}

async function checkLog(source: Source, key: string, flags: Flags, terminal: Terminal): Promise<LogCheck> {
  const now = terminal.now();
  const progress = showProgress(terminal, 'files');
  const rules = await readRules(key, flags);
  const { counts, head } = await verify(source, {
    ...rules,
    until: lastDueDay(now),
    now,
    where: source.name,
    onProgress: progress.update,
  }).finally(progress.stop);
  if (counts.break > 0) return { status: 'broken', breaks: counts.break };
  return head === undefined ? { status: 'unsigned' } : { status: 'verified', to: head.day };
}

/** Records that are read at the same time. */
const WIDTH = 64;

/** Later days are read only when something is open that they may have closed. */
async function readFigures(
  source: Source,
  period: Period,
  now: number,
  progress: Progress,
): Promise<{ figures: Figures; reports: LeakFacts[] }> {
  let read = 0;
  const collect = async <T extends Facts>(days: Days, use: (facts: Facts) => readonly T[]): Promise<T[]> => {
    const found: T[] = [];
    const all = concurrently(reportFolders(source, days), WIDTH, (folder) => readFacts(source, folder));
    for await (const facts of all) {
      progress.update(++read);
      for (const each of facts) found.push(...use(each));
    }
    return found;
  };
  const facts = await collect(period, (each) => [each]);
  const reports = facts.filter((each) => each.kind === 'leak');
  const first = figures(facts, [], period, now);
  if (first.needs.length === 0) return { figures: first, reports };
  const later = await collect({ from: nextDay(period.to) }, (each) =>
    each.kind === 'leak' && each.isDone ? [each] : [],
  );
  return { figures: figures(facts, later, period, now), reports };
}

function csvPath(output: string): string {
  return `${output.slice(0, output.length - extname(output).length)}.csv`;
}

function writeCsv(path: string, reports: readonly LeakFacts[]): Promise<void> {
  return pipeline(Readable.from(reportCsv(reports)), createWriteStream(path));
}

async function toFile(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { code, error: name } = errorFields(error);
    throw new UsageError(`${path} cannot be written (${code ?? name})`);
  }
}
