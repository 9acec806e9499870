import { type Command, Option } from 'commander';
import type { RunAct } from '../command/act.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type RevokeFlags, revoke } from './revoke.ts';

const HELP = `
The function is invoked with the AWS credentials of the shell, which need lambda:InvokeFunction on it; its name is
devin-key-revoker-<stage>-revoke. Without the name of a key, the function finds it. --fingerprint reads the bucket AUDIT_BUCKET.

On a terminal the command says what it will do and asks; elsewhere it needs --yes. It never takes a token as an argument,
which other users of the machine could read.
${exitCodeHelp({
  0: 'the key is dead (or would be, in a dry run)',
  2: 'wrong arguments or settings; nothing was done',
  3: 'a person must decide, or nobody said yes',
  4: 'failed: the key may be alive',
})}`;

/** `revoke`: revokes a leaked key by the deployed function, and shows what was done and how it is known. */
export function revokeCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description(
      'Revokes a leaked key by the deployed function, and shows what was done and how it is known.',
    )
    .option('--service-user <id>', 'the service user of the key; with --key')
    .option('--key <id>', 'the key')
    .option(
      '--token <->',
      'the leaked token: "-" reads it from standard input, or asks for it without showing it',
    )
    .option('--fingerprint <hex>', "a token's fingerprint, as the registry and the audit log name it")
    .option('--alert <owner/repo#number>', 'an alert of GitHub secret scanning')
    .option('--reason <text>', 'goes on record')
    .option('--dry-run', 'find the key and say what would be done; nothing is changed')
    .addOption(new Option('--function <name>', 'the deployed function').conflicts('sandbox'))
    .option('--sandbox', 'a made-up enterprise on this machine; without a target, its leaked key')
    .option('--yes', 'do not ask')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', HELP)
    .action((flags: RevokeFlags) => run(() => revoke(flags, terminal)));
}
