import type { Command } from 'commander';
import { lastCompleteDay } from '../../lib/audit/digest/days.ts';
import type { RunAct } from '../command/act.ts';
import { dayOption } from '../command/day-option.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { printableJson } from '../terminal/printable.ts';
import { showProgress } from '../terminal/progress.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { openSource } from './log/open-source.ts';
import { type RuleFlags, readRules, withRules } from './log-rules.ts';
import { checkpointFile } from './verify/checkpoint.ts';
import { EXIT_CODES, verdictJson, verdictLines, verdictOf } from './verify/verdict.ts';
import { verify } from './verify/verify.ts';

interface Flags extends RuleFlags {
  readonly key: string;
  readonly until?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** `audit-log verify`: whether the log is what this software wrote, and whether all work is done. */
export function verifyCommand(command: Command, terminal: Terminal, run: RunAct): void {
  withRules(command)
    .description('Checks signatures, hashes, versions, records and reports, and names each break.')
    .argument('[where]', 'a folder or s3://bucket; without it, the bucket of AUDIT_BUCKET')
    .requiredOption('--key <file>', 'the public key in PEM, as "audit-log key" printed it')
    .option(
      '--until <day>',
      'the last day that must be signed (default: the last one that is due)',
      dayOption,
    )
    .option('--resume <file>', 'keep in this file how far it came, and go on from there')
    .option('--json', 'print the verdict as JSON: {verdict, digests, head, files, counts, findings}')
    .addHelpText('after', exitCodeHelp(EXIT_CODES))
    .action((where: string | undefined, flags: Flags) => run(() => verifyLog(where, flags, terminal)));
}

/** The digest of a day is signed soon after midnight; until then its absence is normal. */
const GRACE_MS = 2 * 3_600_000;

/** The last day whose digest is due. @param now epoch milliseconds */
export function lastDueDay(now: number): string {
  return lastCompleteDay(now - GRACE_MS);
}

async function verifyLog(where: string | undefined, flags: Flags, terminal: Terminal): Promise<number> {
  const rules = await readRules(flags.key, flags);
  const source = await openSource(where, terminal.env);
  const progress = showProgress(terminal, 'files');
  const now = terminal.now();
  const verified = await verify(source, {
    ...rules,
    until: flags.until ?? lastDueDay(now),
    now,
    where: source.name,
    checkpoints: flags.resume === undefined ? undefined : checkpointFile(flags.resume),
    onProgress: progress.update,
  }).finally(progress.stop);
  if (flags.json) terminal.out.write(`${printableJson(verdictJson(verified))}\n`);
  else printLines(terminal.out, verdictLines(verified));
  return verdictOf(verified).exitCode;
}
