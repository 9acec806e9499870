import type { Command } from 'commander';
import type { RunAct } from '../command/act.ts';
import { checkOrder, dayOption, isDay, isDayShaped } from '../command/day-option.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { UsageError } from '../command/usage-error.ts';
import { printableJson } from '../terminal/printable.ts';
import { showProgress } from '../terminal/progress.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { findIncidents, type Incident } from './find-incidents.ts';
import { openSource } from './log/open-source.ts';
import { timeline } from './show.ts';

interface Flags {
  readonly in?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

/** `audit-log show`: the timeline of an incident. */
export function showCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description('Prints what happened to a leak, from its report to its outcome.')
    .argument('<what>', "a report's id, an alert (owner/repo/number), a day, a key or a service user")
    .option('--in <folder|s3://bucket>', 'where the log is')
    .option('--from <day>', 'look at reports of this day and later', dayOption)
    .option('--to <day>', 'look at reports of this day and earlier', dayOption)
    .option('--json', 'print the records as they are stored: [{report_id, records}]')
    .addHelpText(
      'after',
      `
A report, an alert and a day are found by the names of the files. For a key or a service user, one record of every report
is read: --from and --to shorten that.
${exitCodeHelp({ 0: 'found', 1: 'no record matches', 2: 'wrong arguments, or the log cannot be read' })}`,
    )
    .action((what: string, flags: Flags) => run(() => show(what, flags, terminal)));
}

async function show(what: string, flags: Flags, terminal: Terminal): Promise<number> {
  checkOrder(flags);
  if (isDayShaped(what) && !isDay(what)) throw new UsageError(`there is no day ${what}`);
  const source = await openSource(flags.in, terminal.env);
  const progress = showProgress(terminal, 'reports');
  let looked = 0;
  const found = findIncidents(source, what, flags, () => progress.update(++looked));
  let shown = 0;
  try {
    for await (const incident of found) {
      progress.stop();
      if (flags.json) terminal.out.write(`${shown === 0 ? '[' : ','}\n${asJson(incident)}`);
      else printLines(terminal.out, [...(shown === 0 ? [] : ['']), ...timeline(incident)]);
      shown += 1;
    }
  } finally {
    progress.stop();
  }
  if (flags.json) terminal.out.write(shown === 0 ? '[]\n' : '\n]\n');
  if (shown === 0) printLines(terminal.err, [`no record matches ${what}`]);
  return shown === 0 ? 1 : 0;
}

function asJson({ records, report_id }: Incident): string {
  return printableJson({ report_id, records: records.map(({ json }) => json) });
}
