import type { Command } from 'commander';
import type { RunAct } from '../command/act.ts';
import { passArguments } from '../command/pass-arguments.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';

/** `enroll`: notes which key a token is of. Its own parser reads the arguments, since no message may quote a token. */
export function enrollCommand(command: Command, { env, err, out }: Terminal, run: RunAct): void {
  command.description('Notes which key a token is of, before it leaks; --list shows what is noted.');
  passArguments(command, (args) =>
    run(async () => {
      // Loaded on demand: most commands read no secret.
      const { run: enroll } = await import('./main.ts');
      const interrupted = new AbortController();
      const stop = () => interrupted.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      const result = await enroll(args, env, {
        input: process.stdin,
        interrupted: interrupted.signal,
        say: (text) => err.write(text),
      });
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (result.out !== undefined) printLines(out, result.out.replace(/\n$/, '').split('\n'));
      if (result.err !== undefined) printLines(err, result.err.replace(/\n$/, '').split('\n'));
      return result.exitCode;
    }),
  );
}
