import { type Command, Option } from 'commander';
import { callerEnvironment } from '../../lib/aws/caller-environment.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { devinClient } from '../../lib/clients/devin.ts';
import { cachedAdminToken, adminToken as tokenOf } from '../../lib/clients/devin-admin-token.ts';
import { devinServiceUsers } from '../../lib/clients/devin-service-users.ts';
import { parseConfig } from '../../lib/platform/config.ts';
import { type SweepPlanConfig as Config, SweepPlanConfig } from '../../lib/sweep/keys/config.ts';
import { sweepSettings } from '../../lib/sweep/keys/settings.ts';
import type { RunAct } from '../command/act.ts';
import { exitCodeHelp } from '../command/exit-codes.ts';
import { UsageError } from '../command/usage-error.ts';
import { printableJson } from '../terminal/printable.ts';
import { showProgress } from '../terminal/progress.ts';
import { type Env, printLines, type Terminal } from '../terminal/terminal.ts';
import { previewPlan } from './preview.ts';
import { csvLines, tableLines, totalLines } from './print.ts';

interface Flags {
  readonly plan?: true;
  readonly json?: true;
  readonly csv?: true;
  readonly sandbox?: true;
}

const HELP = `
Settings, as for the sweep-keys function: DEVIN_API_URL, SWEEP_MAX_AGE_DAYS, SWEEP_MAX_IDLE_DAYS, SWEEP_WARN_DAYS,
SWEEP_EXEMPT, SWEEP_MAX_REVOCATIONS, SWEEP_MAX_RATIO, STANDBY_TOKEN_SECRET_ID, ACTIVITY_TOKEN_SECRET_ID. The token:
ADMIN_TOKEN_SECRET_ID, read from AWS Secrets Manager with the credentials in the environment, or the token itself in DEVIN_TOKEN.
${exitCodeHelp({
  0: 'the plan is printed, whether or not a guard rail would block it',
  1: 'the listing broke off, so that the plan is not complete',
  2: 'wrong arguments or settings, or the API was not reached',
})}`;

/** `sweep --plan`: which keys a sweep would revoke or warn of. It changes and stores nothing. */
export function sweepCommand(command: Command, terminal: Terminal, run: RunAct): void {
  command
    .description('Prints which keys a sweep would revoke or warn of. It changes and stores nothing.')
    .option('--plan', 'make the plan; required')
    .addOption(new Option('--json', 'print it as JSON: {totals, blocks, entries}').conflicts('csv'))
    .option('--csv', 'print it as CSV, one line per key')
    .option('--sandbox', 'for a made-up enterprise on this machine')
    .addHelpText('after', HELP)
    .action((flags: Flags) => run(() => sweep(flags, terminal)));
}

async function sweep(flags: Flags, terminal: Terminal): Promise<number> {
  if (!flags.plan)
    throw new UsageError('--plan is missing: a sweep itself runs in the account, not from here');
  if (!flags.sandbox) return print(flags, terminal.env, terminal);
  // Loaded on demand: the sandbox is not deployed.
  const { startSweepSandbox } = await import('../../sandbox/sweep.ts');
  const made = await startSweepSandbox();
  const policy = { SWEEP_MAX_AGE_DAYS: '365', SWEEP_MAX_IDLE_DAYS: '90' };
  try {
    return await print(flags, { ...made.env(), ...policy, ...terminal.env }, terminal);
  } finally {
    await made.stop();
  }
}

async function print(flags: Flags, env: Env, terminal: Terminal): Promise<number> {
  const config = parseConfig(SweepPlanConfig, env);
  const admin = adminToken(config, env);
  const devin = {
    ...devinClient(config.DEVIN_API_URL, admin),
    ...devinServiceUsers(config.DEVIN_API_URL, admin),
  };
  const progress = showProgress(terminal, 'service users');
  const own = ownTokens(config, env);
  const settings = sweepSettings(config);
  const preview = await previewPlan(devin, own, settings, progress.update).finally(progress.stop);
  const { blocks, entries, totals } = preview;
  if (flags.json) terminal.out.write(`${printableJson({ totals, blocks, entries })}\n`);
  else if (flags.csv) for (const line of csvLines(entries)) terminal.out.write(`${line}\r\n`);
  else printLines(terminal.out, [...tableLines(entries), '', ...totalLines(totals, blocks)]);
  if (flags.json || flags.csv) {
    printLines(
      terminal.err,
      blocks.map(({ reason }) => `blocked: ${reason}`),
    );
  }
  return blocks.some(({ guard }) => guard === 'listing') ? 1 : 0;
}

function adminToken({ ADMIN_TOKEN_SECRET_ID: id }: Config, env: Env) {
  const token = env.DEVIN_TOKEN;
  if (token !== undefined) return cachedAdminToken(async () => token, 'DEVIN_TOKEN');
  if (id === undefined) throw new UsageError('ADMIN_TOKEN_SECRET_ID or DEVIN_TOKEN is not set');
  return cachedAdminToken((name) => readSecret(name, env), id);
}

async function readSecret(id: string, env: Env): Promise<string> {
  return secretsManager(await callerEnvironment(env))(id);
}

function ownTokens(config: Config, env: Env) {
  return [config.STANDBY_TOKEN_SECRET_ID, config.ACTIVITY_TOKEN_SECRET_ID].map((id) =>
    id === undefined ? undefined : async () => tokenOf(id, await readSecret(id, env)),
  );
}
