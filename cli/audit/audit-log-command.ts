import type { Command } from 'commander';
import type { RunAct } from '../command/act.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { keyCommand } from './key-command.ts';
import { reportCommand } from './report-command.ts';
import { showCommand } from './show-command.ts';
import { verifyCommand } from './verify-command.ts';

/** `audit-log`: reads and checks the audit log. It changes nothing. */
export function auditLogCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description('Reads and checks the audit log. It changes nothing.')
    .addHelpText(
      'after',
      '\nDays are in UTC. The log is read from --in, else from the bucket of AUDIT_BUCKET, else from .sandbox/audit.',
    );
  verifyCommand(command.command('verify'), terminal, run);
  reportCommand(command.command('report'), terminal, run);
  showCommand(command.command('show'), terminal, run);
  keyCommand(command.command('key'), terminal, run);
}
