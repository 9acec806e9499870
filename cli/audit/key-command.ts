import { createPublicKey } from 'node:crypto';
import type { Command } from 'commander';
import { callerEnvironment } from '../../lib/aws/caller-environment.ts';
import { kmsKey } from '../../lib/aws/kms.ts';
import type { RunAct } from '../command/act.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { printableJson } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';

interface Flags {
  readonly json?: true;
}

/** `audit-log key`: the public key that `verify` needs. */
export function keyCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description('Prints the public key that verify needs. Keep it outside of the account.')
    .argument('<id>', 'the id or ARN of the KMS key: the output AuditKeyArn')
    .option('--json', 'print it as JSON: {key_id, public_key}')
    .addHelpText('after', exitCodeHelp({ 0: 'printed', 2: 'wrong arguments, or KMS does not give it' }))
    .action((id: string, flags: Flags) => run(() => printKey(id, flags, terminal)));
}

async function printKey(id: string, { json }: Flags, { env, now, out }: Terminal): Promise<number> {
  const der = await kmsKey(await callerEnvironment(env), id).publicKey({ deadline: now() + 30_000 });
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  out.write(json ? `${printableJson({ key_id: id, public_key: pem })}\n` : pem);
  return 0;
}
