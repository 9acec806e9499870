import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { standardKey } from '../../lib/intake/standard-signature.ts';
import { isSafeUrl } from '../../lib/platform/config.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import type { RunAct } from '../command/act.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { UsageError } from '../command/usage-error.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { gatherLeaks } from './gather-leaks.ts';
import { printReported } from './print-reported.ts';
import { readValues } from './read-values.ts';
import { sendLeaks } from './send-leaks.ts';

interface Flags {
  readonly url: URL;
  readonly secretFile?: string;
  readonly json?: true;
}

const SECRET = 'LEAKS_SECRET';

const HELP = `
The report is the JSON or the JSON lines of gitleaks, betterleaks, TruffleHog or kingfisher, with the secrets in it (not
redacted). Each Devin key in it is sent once, with the place where it was found; other secrets are left alone.

The secret is the value of "standard" in the secret of the webhook. It is read from the variable ${SECRET} or from a file,
and never from an argument, which other processes could read.
${exitCodeHelp({
  0: 'no Devin key is in the report',
  1: 'a key was refused or not sent, or a part of the report is not readable; all else was sent',
  2: 'wrong arguments, or a report that cannot be read',
  3: 'Devin keys were found, and all of them accepted',
})}`;

/** `report-leaks`: sends the Devin keys in a scanner's report to the webhook. */
export function reportLeaksCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description("Sends the Devin keys in a scanner's report to the webhook, which has them revoked.")
    .argument('<file>', 'the report; - for standard input')
    .requiredOption('--url <url>', 'the function URL of the webhook', urlOption)
    .option('--secret-file <file>', `the secret, instead of the variable ${SECRET}; - for standard input`)
    .option('--json', 'print the result as JSON: {findings, unreadable, leaks}')
    .addHelpText('after', HELP)
    .action((file: string, flags: Flags) => run(() => reportLeaks(file, flags, terminal)));
}

async function reportLeaks(file: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { json, secretFile, url } = flags;
  if (file === '-' && secretFile === '-') {
    throw new UsageError('the report and the secret cannot both be on standard input');
  }
  // Before the report is looked at: a job that is set up wrongly is not found out by the first leak.
  const key = await readKey(secretFile, terminal);
  const gathered = gatherLeaks(readValues(await readInput(file, terminal)));
  const leaks = await sendLeaks(url, key, gathered, terminal.now);
  printReported({ ...gathered, leaks }, { json: json === true, terminal });
  if (gathered.unreadable > 0 || leaks.some(({ answer }) => !answer.accepted)) return 1;
  return leaks.length === 0 ? 0 : 3;
}

async function readKey(file: string | undefined, terminal: Terminal): Promise<Uint8Array> {
  const text =
    file === undefined ? terminal.env[SECRET] : Buffer.from(await readInput(file, terminal)).toString();
  const secret = text?.trim();
  if (!secret) throw new UsageError(`the secret is missing: set ${SECRET}, or give --secret-file`);
  const key = standardKey(secret);
  if (key === undefined) {
    throw new UsageError(
      'the secret is not "whsec_" and base64, as under "standard" in the webhook\'s secret',
    );
  }
  return key;
}

async function readInput(file: string, { input }: Terminal): Promise<Uint8Array> {
  try {
    return file === '-' ? await buffer(input) : await readFile(file);
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read (${error instanceof Error ? (errorCode(error) ?? error.name) : 'unknown'})`,
    );
  }
}

/** The path of the endpoint is added to a bare function URL. */
function urlOption(text: string): URL {
  const url = isSafeUrl(text) ? URL.parse(text) : null;
  if (url === null)
    throw new InvalidArgumentError('It must be an https URL (http only on a loopback address).');
  if (url.pathname === '/') url.pathname = '/leaks';
  return url;
}
