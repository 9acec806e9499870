import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { lastCompleteDay } from '../../lib/audit/digest/days.ts';
import { findHeads, type Head, parseHead } from '../../lib/audit/digest/format.ts';
import { errorFields } from '../../lib/platform/log.ts';
import { checkOrder, dayOption } from '../day-option.ts';
import { exitCodeHelp } from '../exit-codes.ts';
import type { Act } from '../program.ts';
import { printableJson } from '../terminal/printable.ts';
import { showProgress } from '../terminal/progress.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../usage-error.ts';
import { openSource } from './open-source.ts';
import type { Days } from './report-folders.ts';
import { checkpointFile } from './verify/checkpoint.ts';
import { EXIT_CODES, verdictJson, verdictLines, verdictOf } from './verify/verdict.ts';
import { verify } from './verify/verify.ts';

interface Flags {
  readonly key: string;
  readonly until?: string;
  readonly expectHead?: readonly string[];
  readonly missedRuns?: Required<Days>;
  readonly resume?: string;
  readonly json?: true;
}

/** `audit-log verify`: whether the log is what this software wrote, and whether all work is done. */
export function verifyCommand(command: Command, terminal: Terminal, run: (act: Act) => Promise<void>): void {
  command
    .description('Checks signatures, hashes, versions, records and reports, and names each break.')
    .argument('[where]', 'a folder or s3://bucket; without it, the bucket of AUDIT_BUCKET')
    .requiredOption('--key <file>', 'the public key in PEM, as "audit-log key" printed it')
    .option(
      '--until <day>',
      'the last day that must be signed (default: the last one that is due)',
      dayOption,
    )
    .option(
      '--expect-head <head>',
      'a head <day>:<sha256> that was collected outside of the account, or a file of them; repeatable',
      (head: string, others: readonly string[] = []) => [...others, head],
    )
    .option('--missed-runs <days>', 'days, as <day>..<day>, on which no digest could be signed', daysOption)
    .option('--resume <file>', 'keep in this file how far it came, and go on from there')
    .option('--json', 'print the verdict as JSON: {verdict, digests, head, files, counts, findings}')
    .addHelpText('after', exitCodeHelp(EXIT_CODES))
    .action((where: string | undefined, flags: Flags) => run(() => verifyLog(where, flags, terminal)));
}

/** The digest of a day is signed soon after midnight; until then its absence is normal. */
const GRACE_MS = 2 * 3_600_000;

async function verifyLog(where: string | undefined, flags: Flags, terminal: Terminal): Promise<number> {
  const keys = publicKeys(await readText(flags.key, '--key'));
  const heads = await collectedHeads(flags.expectHead ?? []);
  const source = await openSource(where, terminal.env);
  const progress = showProgress(terminal, 'files');
  const verified = await verify(source, {
    keys,
    heads,
    missedRuns: flags.missedRuns,
    collected: new Set(heads.map(({ day }) => day)),
    until: flags.until ?? lastCompleteDay(terminal.now() - GRACE_MS),
    now: terminal.now(),
    where: where ?? terminal.env.AUDIT_BUCKET ?? '',
    checkpoints: flags.resume === undefined ? undefined : checkpointFile(flags.resume),
    onProgress: progress.update,
  }).finally(progress.stop);
  if (flags.json) terminal.out.write(`${printableJson(verdictJson(verified))}\n`);
  else printLines(terminal.out, verdictLines(verified));
  return verdictOf(verified).exitCode;
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, error: name } = errorFields(error);
    throw new UsageError(`the file ${path} of ${option} cannot be read (${code ?? name})`);
  }
}

/** @throws {UsageError} when the text holds no public key */
export function publicKeys(pem: string): KeyObject[] {
  const found = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (found.length === 0) throw new UsageError('the file of --key holds no public key in PEM');
  return found.map((key) => createPublicKey(key));
}

/** Heads as they are, or in files. @throws {UsageError} */
async function collectedHeads(values: readonly string[]): Promise<Head[]> {
  const heads: Head[] = [];
  for (const value of values) {
    const head = parseHead(value);
    const found = head ? [head] : findHeads(await readText(value, '--expect-head'));
    if (found.length === 0) throw new UsageError(`${value} is neither a head, nor a file that holds one`);
    heads.push(...found);
  }
  return heads;
}

function daysOption(text: string): Required<Days> {
  const [from, to, ...rest] = text.split('..').map(dayOption);
  if (from === undefined || rest.length > 0) throw new InvalidArgumentError('It must be <day>..<day>.');
  const days = { from, to: to ?? from };
  checkOrder(days);
  return days;
}
