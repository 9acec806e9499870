import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { findHeads, type Head, parseHead } from '../../lib/audit/digest/format.ts';
import { errorFields } from '../../lib/platform/log.ts';
import { checkOrder, dayOption } from '../command/day-option.ts';
import { UsageError } from '../command/usage-error.ts';
import type { Days } from './log/report-folders.ts';
import type { RootRules } from './verify/root-findings.ts';

/** What the digests are checked against, as options. */
export interface RuleFlags {
  readonly expectHead?: readonly string[];
  readonly missedRuns?: Required<Days>;
}

/** Adds the options of {@link RuleFlags}. */
export function withRules(command: Command): Command {
  return command
    .option(
      '--expect-head <head>',
      'a head <day>:<sha256> that was collected outside of the account, or a file of them; repeatable',
      (head: string, others: readonly string[] = []) => [...others, head],
    )
    .option('--missed-runs <days>', 'days, as <day>..<day>, on which no digest could be signed', daysOption);
}

/** @throws {UsageError} when a file cannot be read, or holds no key or head */
export async function readRules(
  keyFile: string,
  { expectHead = [], missedRuns }: RuleFlags,
): Promise<RootRules & { readonly heads: readonly Head[] }> {
  const keys = publicKeys(await readText(keyFile, '--key'));
  const heads = await collectedHeads(expectHead);
  return { keys, heads, missedRuns, collected: new Set(heads.map(({ day }) => day)) };
}

function publicKeys(pem: string): KeyObject[] {
  const found = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (found.length === 0) throw new UsageError('the file of --key holds no public key in PEM');
  return found.map((key) => createPublicKey(key));
}

/** Heads as they are, or in files. */
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

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, error: name } = errorFields(error);
    throw new UsageError(`the file ${path} of ${option} cannot be read (${code ?? name})`);
  }
}

function daysOption(text: string): Required<Days> {
  const [from, to, ...rest] = text.split('..').map(dayOption);
  if (from === undefined || rest.length > 0) throw new InvalidArgumentError('It must be <day>..<day>.');
  const days = { from, to: to ?? from };
  checkOrder(days);
  return days;
}
