import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { errorFields } from '../../lib/platform/log.ts';
import type { RunAct } from '../command/act.ts';
import { passArguments } from '../command/pass-arguments.ts';
import { UsageError } from '../command/usage-error.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';

/** `aftermath`: what a service user did since its key leaked, and what still runs. */
export function aftermathProgram(command: Command, { env, err, out }: Terminal, run: RunAct): void {
  command.description('Shows what a service user did since its key leaked, and ends sessions of it.');
  passArguments(command, (args) =>
    run(async () => {
      // Loaded on demand: most commands do not ask Devin.
      const { aftermathCommand, USAGE } = await import('./command.ts');
      try {
        return await aftermathCommand(args, env, {
          out: (text) => printLines(out, text.replace(/\n$/, '').split('\n')),
          ask,
        });
      } catch (error) {
        // The parser's message names an unknown option.
        const isUsage =
          error instanceof UsageError ||
          (error instanceof TypeError && errorFields(error).code?.startsWith('ERR_PARSE_ARGS') === true);
        if (!isUsage) throw error;
        printLines(err, [
          { text: `error: ${error.message}`, style: 'red' },
          '',
          ...USAGE.trimEnd().split('\n'),
        ]);
        return 2;
      }
    }),
  );
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
