import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startServer } from '../../sandbox/http-server.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { emulatedStack, STACK } from '../aws-emulator/deploy-stack.ts';
import { postFunctionUrl } from '../aws-emulator/post-function-url.ts';
import { eventually } from '../aws-emulator/scene.ts';
import { startEmulator } from '../aws-emulator/start-emulator.ts';
import { root } from '../support/pages.ts';

const python = inject('python');

type Path = Awaited<ReturnType<typeof startPath>>;
type Run = { code: number | null; statuses: Record<string, string>; out: string };

/** The stack as it is right after `osls deploy`, with Devin and GitHub played by the sandbox. */
async function startPath(pythonPath: string) {
  const [emulator, sandbox] = await Promise.all([startEmulator(pythonPath), startSandbox({ sqs: false })]);
  const stack = emulatedStack(emulator);
  await timed('osls package and deploy', () =>
    stack.deploy({ devinApiUrl: sandbox.devin.url, githubApiUrl: sandbox.github.url, githubOrgs: 'acme' }),
  );
  // Only the emulator knows the name of its function URL.
  const functionUrl = stack.output('WebhookLambdaFunctionUrl');
  const hook = await startServer({ handle: (request) => postFunctionUrl(emulator, functionUrl, request) });
  const folder = mkdtempSync(join(tmpdir(), 'setup-path-'));
  const { app_id, installation_id, private_key } = sandbox.github.app;
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, private_key);
  return {
    sandbox,
    hookUrl: `${hook.url}/`,
    app: [
      ...['--github-app-id', String(app_id), '--github-installation-id', String(installation_id)],
      ...['--github-app-key', keyFile],
    ],
    /** The outputs as arguments, with the function URL under a name that resolves. */
    outputs: [
      ...['--admin-secret', stack.output('AdminTokenSecretArn')],
      ...['--github-secret', stack.output('GithubTokenSecretArn')],
      ...['--webhook-secret', stack.output('WebhookSecretArn'), '--webhook-url', `${hook.url}/`],
      ...['--leak-queue-url', stack.output('LeakQueueUrl')],
      ...['--audit-bucket', stack.output('AuditBucketName'), '--org', 'acme'],
      ...['--devin-api-url', sandbox.devin.url, '--github-api-url', sandbox.github.url],
    ],
    /** The command as a person runs it, with the credentials of the account's administrator. */
    async setup(args: readonly string[], input = ''): Promise<Run> {
      const child = spawn(process.execPath, ['cli/bin.cjs', 'setup', ...args, '--json'], {
        cwd: root,
        env: { ...process.env, ...emulator.env, GH_TOKEN: sandbox.github.ownerToken },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(input);
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      const [out, code] = await Promise.all([text(child.stdout), ended]);
      const listed: { check: string; status: string }[] = JSON.parse(out).findings;
      return { code, out, statuses: Object.fromEntries(listed.map(({ check, status }) => [check, status])) };
    },
    async stop(): Promise<void> {
      rmSync(folder, { recursive: true });
      await emulator.stop();
      await Promise.all([sandbox.stop(), hook.stop()]);
    },
  };
}

/** Does something and prints how long it took. */
async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await act();
  } finally {
    process.stdout.write(`${((performance.now() - start) / 1_000).toFixed(1).padStart(6)} s  ${what}\n`);
  }
}

describe.skipIf(python === undefined)("a stranger's path on an AWS emulator", () => {
  let path: Path;

  beforeAll(async () => {
    if (python !== undefined) path = await startPath(python);
  });
  afterAll(() => path?.stop());

  test('begins with a check, which reads the stack and names what is missing', async () => {
    const { code, statuses } = await timed('setup --check', () => path.setup(['--check', '--stack', STACK]));

    expect(code).toBe(3);
    expect(statuses).toMatchObject({
      stack: 'ok',
      'admin token': 'missing',
      'GitHub credential': 'missing',
      'webhook secret': 'ok',
      'webhook of acme': 'missing',
      'custom pattern of acme': 'missing',
      'missed alerts': 'ok',
    });
  });

  test('goes on with one command, which ends in a rehearsal through queue, worker and bucket', async () => {
    const { admin } = path.sandbox;
    const { code, out, statuses } = await timed('setup', () =>
      path.setup([...path.outputs, '--admin-token', '-', ...path.app], admin.token),
    );

    expect(Object.entries(statuses).filter(([, status]) => status !== 'ok')).toEqual([
      ['custom pattern of acme', 'missing'],
    ]);
    expect(statuses).toMatchObject({ webhook: 'ok', 'webhook of acme': 'ok', rehearsal: 'ok' });
    expect(code).toBe(3);
    expect(out).not.toContain(admin.token.slice(4, 12));
  });

  test('is done when the pattern is published: the alert rehearses as revoked, and nothing is missing', async () => {
    const { github } = path.sandbox;
    for (const pattern of github.settings.patterns('acme')) {
      Object.assign(pattern, { state: 'published', push_protection_enabled: true });
    }
    const leak = path.sandbox.leak();

    const { code, out } = await timed('setup --alert', () =>
      path.setup([...path.outputs, '--alert', `acme/webshop#${leak.alert.number}`]),
    );

    expect(code).toBe(0);
    expect(out).toContain(`revoked: key ${leak.api_key_id} of ${leak.service_user_id}`);
    expect(path.sandbox.devin.isLive(leak.token)).toBe(true);
  });

  test('leads to a dead key: the webhook that it created delivers a leak', async () => {
    const { devin, github } = path.sandbox;
    const leak = path.sandbox.leak();
    const [hook] = github.settings.hooks('acme');
    const secret = github.settings.secretOf(hook?.id ?? 0) ?? '';

    await timed('from the delivery to a dead key', async () => {
      expect((await github.deliver(hook?.config.url ?? '', secret, leak.alert)).status).toBe(202);
      await eventually('the key is dead', () => !devin.isLive(leak.token));
    });
  });
});
