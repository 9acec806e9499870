import { parseArgs } from 'node:util';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { SecretError, secretsManager } from '../lib/aws/secrets.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { ConfigError, parseConfig } from '../lib/platform/config.ts';
import { errorFields } from '../lib/platform/log.ts';
import { SweepPlanConfig } from '../lib/sweep/keys/config.ts';
import { sweepSettings } from '../lib/sweep/keys/settings.ts';
import { previewPlan } from './sweep/preview.ts';
import { printCsv, printTable, printTotals, progressBar } from './sweep/print.ts';

const USAGE = `npm run sweep -- --plan [--json | --csv] [--sandbox]

Prints which keys a sweep would revoke or warn of. It changes and stores nothing.

  --plan      make the plan
  --json      as JSON: {totals, blocks, entries}
  --csv       as CSV, one line per key
  --sandbox   for a made-up enterprise on this machine

Settings, as for the sweep-keys function: DEVIN_API_URL, SWEEP_MAX_AGE_DAYS, SWEEP_MAX_IDLE_DAYS, SWEEP_WARN_DAYS,
SWEEP_EXEMPT, SWEEP_MAX_REVOCATIONS, SWEEP_MAX_RATIO. The token: ADMIN_TOKEN_SECRET_ID, read from AWS Secrets Manager
with the credentials in the environment, or the token itself in DEVIN_TOKEN.
`;

type Env = Readonly<Record<string, string | undefined>>;

async function main(): Promise<number> {
  const { json, csv, help, plan, sandbox } = options();
  if (help || !plan || (json && csv)) {
    (help ? process.stdout : process.stderr).write(USAGE);
    return help ? 0 : 2;
  }
  if (!sandbox) return print(process.env, { json, csv });
  // Loaded on demand: the sandbox is not deployed.
  const { startSweepSandbox } = await import('../sandbox/sweep.ts');
  const made = await startSweepSandbox();
  try {
    return await print(
      { ...made.env(), SWEEP_MAX_AGE_DAYS: '365', SWEEP_MAX_IDLE_DAYS: '90', ...process.env },
      { json, csv },
    );
  } finally {
    await made.stop();
  }
}

function options() {
  const flag = { type: 'boolean', default: false } as const;
  return parseArgs({ options: { plan: flag, json: flag, csv: flag, sandbox: flag, help: flag } }).values;
}

async function print(env: Env, { json, csv }: { json: boolean; csv: boolean }): Promise<number> {
  const config = parseConfig(SweepPlanConfig, env);
  const token = env.DEVIN_TOKEN;
  const secretId = config.ADMIN_TOKEN_SECRET_ID ?? 'DEVIN_TOKEN';
  const read = token === undefined ? secretsManager(awsEnvironment(env)) : async () => token;
  if (token === undefined && config.ADMIN_TOKEN_SECRET_ID === undefined) {
    throw new ConfigError('bad configuration: ADMIN_TOKEN_SECRET_ID or DEVIN_TOKEN is not set');
  }
  const devin = devinClient(config.DEVIN_API_URL, cachedAdminToken(read, secretId));
  const { blocks, entries, totals } = await previewPlan(devin, sweepSettings(config), showProgress);
  clearProgress();
  if (json) process.stdout.write(`${JSON.stringify({ totals, blocks, entries }, null, 2)}\n`);
  else if (csv) process.stdout.write(`${printCsv(entries)}\r\n`);
  else process.stdout.write(`${printTable(entries)}\n\n${printTotals(totals, blocks)}\n`);
  if (!json && !csv) return blocks.some(({ guard }) => guard === 'listing') ? 1 : 0;
  for (const { reason } of blocks) process.stderr.write(`blocked: ${reason}\n`);
  return blocks.some(({ guard }) => guard === 'listing') ? 1 : 0;
}

function showProgress(done: number, total: number | undefined): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${progressBar(done, total)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
}

try {
  process.exitCode = await main();
} catch (error) {
  clearProgress();
  // Other messages may quote input.
  const isPrintable = error instanceof ConfigError || error instanceof SecretError;
  const isUsage =
    error instanceof TypeError && errorFields(error).code?.startsWith('ERR_PARSE_ARGS') === true;
  process.stderr.write(
    isPrintable || isUsage
      ? `${error.message}\n`
      : `failed: ${error instanceof Error ? error.name : 'error'}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
