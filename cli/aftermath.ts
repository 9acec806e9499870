import { createInterface } from 'node:readline/promises';
import { SecretError } from '../lib/aws/secrets.ts';
import { ConfigError } from '../lib/platform/config.ts';
import { errorFields } from '../lib/platform/log.ts';
import { aftermathCommand, USAGE } from './aftermath/command.ts';
import { UsageError } from './audit/source.ts';

try {
  process.exitCode = await aftermathCommand(process.argv.slice(2), process.env, {
    out: (text) => process.stdout.write(text),
    ask,
  });
} catch (error) {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof TypeError && errorFields(error).code?.startsWith('ERR_PARSE_ARGS') === true);
  // Other messages may quote input.
  const isPrintable = isUsage || error instanceof ConfigError || error instanceof SecretError;
  process.stderr.write(isPrintable ? `${error.message}\n` : `failed: ${errorFields(error).error}\n`);
  if (isUsage) process.stderr.write(`\n${USAGE}`);
  process.exitCode = isUsage || error instanceof ConfigError ? 2 : 1;
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
