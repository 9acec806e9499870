import { Readable } from 'node:stream';
import { runProgram } from '../../cli/program.ts';
import type { InputStream } from '../../cli/terminal/read-hidden.ts';
import type { Env } from '../../cli/terminal/terminal.ts';

/** What a command wrote, and its exit code. */
export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Env;
  /** Epoch milliseconds. */
  readonly now?: number | undefined;
  /** Whether a person looks at the output. */
  readonly isTerminal?: boolean;
  /** What is on standard input. */
  readonly input?: InputStream;
}

/** Runs `devin-key-revoker <args>` in this process. */
export async function runCli(
  args: readonly string[],
  { env = {}, input = Readable.from([]), isTerminal = false, now }: CliOptions = {},
): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTerminal,
    hasColors: isTerminal,
  });
  const code = await runProgram(args, {
    input,
    env,
    now: () => now ?? Date.now(),
    out: output('stdout'),
    err: output('stderr'),
  });
  return { code, ...written };
}
