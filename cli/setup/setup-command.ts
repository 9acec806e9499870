import type { Command } from 'commander';
import type { RunAct } from '../command/act.ts';
import { passArguments } from '../command/pass-arguments.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** `setup`: what is left to do after a deployment, and a check of it. Its own parser reads the arguments, as that of `enroll`. */
export function setupCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command.description(
    'Sets up a deployed stack: tokens, webhook, custom pattern, rehearsal; --check checks it.',
  );
  passArguments(command, (args) =>
    run(async () => {
      // Loaded on demand: no other command needs the clients.
      const { runSetupCommand } = await import('./main.ts');
      return runSetupCommand(args, terminal, process.stdin);
    }),
  );
}
