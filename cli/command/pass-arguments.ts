import type { Command } from 'commander';

/** Hands all arguments of a command, `--help` included, to a parser of its own. */
export function passArguments(command: Command, act: (args: readonly string[]) => Promise<void>): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .passThroughOptions()
    .argument('[arguments...]')
    .action((args: string[]) => act(args));
}
