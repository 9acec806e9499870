import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

const script = fileURLToPath(new URL('../../cli/bin.cjs', import.meta.url));
const DAY = 86_400;
let sandbox: Sandbox | undefined;

afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
});

type Run = { code: number; stdout: string; stderr: string };
const run = (args: string[], env: Record<string, string> = {}): Promise<Run> =>
  new Promise((resolve) => {
    execFile(process.execPath, [script, 'sweep', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });

async function enterprise(): Promise<{
  env: Record<string, string>;
  key: { api_key_id: string; token: string };
}> {
  sandbox = await startSandbox({ sqs: false });
  const now = Math.floor(Date.now() / 1_000);
  const { service_user_id } = sandbox.devin.createServiceUser({ name: 'nightly' });
  const key = sandbox.devin.createKey(service_user_id, { created_at: now - 9 * DAY, expires_at: now - DAY });
  return { env: sandbox.env(), key };
}

test('prints the plan of a configured API, changes nothing and stores nothing', async () => {
  const { env, key } = await enterprise();

  const { code, stderr, stdout } = await run(['--plan', '--json'], env);

  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining('blocked: 1 revocations, over 20 %'),
  });
  expect(JSON.parse(stdout)).toMatchObject({
    totals: { users: 2, keys: 2, revoke: 1, warn: 1 },
    blocks: [{ guard: 'ratio' }],
    entries: [{ rule: 'no_expiry' }, { rule: 'expired', api_key_id: key.api_key_id }],
  });
  expect(sandbox?.devin.requests.every(({ method }) => method === 'GET')).toBe(true);
  expect(sandbox?.s3.requests).toEqual([]);
});

test('takes the token from DEVIN_TOKEN too, and prints it nowhere', async () => {
  const { env, key } = await enterprise();
  const token = sandbox?.admin.token ?? '';

  const { code, stderr, stdout } = await run(['--plan', '--csv'], {
    DEVIN_API_URL: env.DEVIN_API_URL ?? '',
    DEVIN_TOKEN: token,
  });

  expect(code).toBe(0);
  expect(stdout.split('\r\n')[0]).toBe('decision,rule,expires,last_used,key,key_name,owner,owner_name');
  expect(stdout).toContain(key.api_key_id);
  expect(stdout + stderr).not.toContain(token);
});

test('shows a made-up enterprise with every rule', async () => {
  const { code, stdout } = await run(['--plan', '--sandbox']);

  expect(code).toBe(0);
  for (const rule of [
    'expired',
    'max_age',
    'max_idle',
    'owner_expired',
    'expires_soon (7 days)',
    'no_expiry',
  ]) {
    expect(stdout).toContain(rule);
  }
  expect(stdout).toContain('4 to revoke, 3 to warn of, 20 to keep');
});

test.each([
  [[], 2, '--plan is missing'],
  [['--plan', '--json', '--csv'], 2, "'--json' cannot be used with option '--csv'"],
  [['--pan'], 2, "unknown option '--pan'\n(Did you mean --plan?)"],
  [['--plan'], 2, 'ADMIN_TOKEN_SECRET_ID or DEVIN_TOKEN is not set'],
])('with %j it ends with %d and says why', async (args, code, text) => {
  const result = await run(args);

  expect(result).toEqual({ code, stdout: '', stderr: expect.stringContaining(text) });
});

test('ends with 1 when the listing breaks off', async () => {
  const { env } = await enterprise();
  sandbox?.devin.fault({ operation: 'listServiceUsers', status: 403 });

  const { code, stdout } = await run(['--plan'], env);

  expect(code).toBe(1);
  expect(stdout).toContain('ViewAccountMembership');
});
