import { Command, CommanderError } from 'commander';
import { VERSION } from '../lib/audit/ocsf-base.ts';
import { CallerError } from '../lib/aws/caller-environment.ts';
import { KmsError } from '../lib/aws/kms.ts';
import { SecretError } from '../lib/aws/secrets.ts';
import { redact } from '../lib/domain/redact.ts';
import { ConfigError } from '../lib/platform/config.ts';
import { errorFields } from '../lib/platform/log.ts';

import { aftermathProgram } from './aftermath/aftermath-command.ts';
import { auditLogCommand } from './audit/audit-log-command.ts';
import { SourceError } from './audit/log/source.ts';
import type { RunAct } from './command/act.ts';
import { UsageError } from './command/usage-error.ts';
import { enrollCommand } from './enroll/enroll-command.ts';
import { ReportError } from './report-leaks/read-values.ts';
import { reportLeaksCommand } from './report-leaks/report-leaks-command.ts';
import { revokeCommand } from './revoke/revoke-command.ts';
import { setupCommand } from './setup/setup-command.ts';
import { sweepCommand } from './sweep/sweep-command.ts';
import { InterruptedError } from './terminal/read-hidden.ts';
import { printLines, type Terminal } from './terminal/terminal.ts';

/** Wrong arguments, or a command that could not do its work. */
const FAILED = 2;

/** Runs `devin-key-revoker <command>`. @returns the exit code */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const run: RunAct = async (act) => {
    exitCode = await act();
  };
  try {
    await program(terminal, run).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message, and the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILED;
    printLines(terminal.err, [{ text: explain(error), style: 'red' }]);
    return FAILED;
  }
}

function program(terminal: Terminal, run: RunAct): Command {
  const { err, out } = terminal;
  const root = new Command('devin-key-revoker')
    .description(
      'Sets up the revocation of leaked Devin API keys, revokes by hand, reports leaks, and looks at the audit log, at what followed a leak and at sweeps.',
    )
    .enablePositionalOptions()
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      // The lines of a message are its own; the rest of it may quote an argument.
      writeOut: (text) => printLines(out, text.replace(/\n$/, '').split('\n')),
      // An argument may be a token in the wrong place.
      writeErr: (text) => printLines(err, redact(text).replace(/\n$/, '').split('\n')),
      getOutHasColors: () => out.hasColors,
      getErrHasColors: () => err.hasColors,
    })
    .showHelpAfterError('(--help lists the options and the exit codes)');
  auditLogCommand(root.command('audit-log'), terminal, run);
  sweepCommand(root.command('sweep'), terminal, run);
  enrollCommand(root.command('enroll'), terminal, run);
  setupCommand(root.command('setup'), terminal, run);
  aftermathProgram(root.command('aftermath'), terminal, run);
  revokeCommand(root.command('revoke'), terminal, run);
  reportLeaksCommand(root.command('report-leaks'), terminal, run);
  return root;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error instanceof UsageError || error instanceof ConfigError) return `error: ${error.message}`;
  // Written for people. The messages of others may quote what was read.
  if (EXPLAINED.some((known) => error instanceof known)) return `failed: ${error.message}`;
  const fields = errorFields(error);
  return `failed: ${fields.error}${fields.code === undefined ? '' : ` (${fields.code})`}`;
}

const EXPLAINED = [CallerError, InterruptedError, KmsError, ReportError, SecretError, SourceError];
