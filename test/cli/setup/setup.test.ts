import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runSetupCommand } from '../../../cli/setup/main.ts';
import { DEVIN_PATTERN } from '../../../cli/setup/org-pattern.ts';
import type { InputStream } from '../../../cli/terminal/read-hidden.ts';
import { deletedKeys } from '../../../sandbox/observe.ts';
import { type SetupSandbox, startSetupSandbox } from '../../../sandbox/setup.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const STACK = 'devin-key-revoker-prod';
let setup: SetupSandbox;
let output: Output;
let folder: string;
/** All that the command wrote in a test. */
let written: string;

beforeEach(async () => {
  setup = await startSetupSandbox(STACK);
  output = captureOutput();
  folder = mkdtempSync(join(tmpdir(), 'setup-'));
  written = '';
  // The first one builds the functions.
}, 60_000);
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await setup.stop();
});

type Found = { check: string; status: string; found: string; mend?: string };

interface CommandOptions {
  /** Standard input: a pipe, or what a person types on a terminal, a chunk a line. */
  readonly input?: string | string[];
  /** Whether an owner's token is in GH_TOKEN, default true. */
  readonly asOwner?: boolean;
}

/** Runs the command in this process, with the credentials in the environment. */
async function command(args: string[], { asOwner = true, input = '' }: CommandOptions = {}) {
  const env: Record<string, string> = { ...setup.env, ...(asOwner && { GH_TOKEN: setup.owner }) };
  // The SDK's default chain reads them from the process.
  for (const [name, value] of Object.entries(env)) if (name.startsWith('AWS_')) vi.stubEnv(name, value);
  let out = '';
  let err = '';
  const write = (add: (text: string) => void) => ({
    write: (text: string) => {
      add(text);
      written += text;
    },
    isTerminal: false,
    hasColors: false,
  });
  const terminal = {
    input: Readable.from([]),
    env,
    now: Date.now,
    out: write((text) => {
      out += text;
    }),
    err: write((text) => {
      err += text;
    }),
  };
  const stream: InputStream = Array.isArray(input)
    ? Object.assign(Readable.from(input.map((line) => Buffer.from(line))), {
        isTTY: true,
        setRawMode: () => {},
      })
    : Readable.from([Buffer.from(input)]);
  const code = await runSetupCommand(args, terminal, stream);
  return { code, out, err };
}

/** The findings of a run with `--json`, by their check. */
async function findings(args: string[], options?: CommandOptions) {
  const { code, err, out } = await command([...args, '--json'], options);
  if (out === '') throw new Error(err);
  const listed: Found[] = JSON.parse(out).findings;
  return { code, by: Object.fromEntries(listed.map((finding) => [finding.check, finding])), listed };
}

/** The arguments that name a GitHub App, whose key is in a file. */
function appArguments(): string[] {
  const { app_id, installation_id, private_key } = setup.sandbox.github.app;
  const file = join(folder, 'key.pem');
  writeFileSync(file, private_key);
  const ids = ['--github-app-id', String(app_id), '--github-installation-id', String(installation_id)];
  return [...ids, '--github-app-key', file];
}
const everything = () => findings(['--admin-token', '-', ...appArguments()], { input: `${setup.admin}\n` });
const stored = (name: 'admin' | 'github') => setup.sandbox.secrets.value(setup.sandbox.secretIds[name]);
const webhookSecret = () => setup.sandbox.webhookSecret;
const hooks = () => setup.sandbox.github.settings.hooks('acme');
const patterns = () => setup.sandbox.github.settings.patterns('acme');

/** A person does what the API leaves to people. */
function publish(): void {
  for (const pattern of patterns())
    Object.assign(pattern, { state: 'published', push_protection_enabled: true });
}

describe('npm run setup', () => {
  test('sets a fresh stack up, and leaves only the publication of the pattern', async () => {
    const { by, code, listed } = await everything();

    expect(code).toBe(3);
    expect(listed.filter(({ status }) => status !== 'ok').map(({ check }) => check)).toEqual([
      'custom pattern of acme',
    ]);
    expect(by['custom pattern of acme']).toMatchObject({
      status: 'missing',
      found: '"Devin API key" (devin_api_key) is not published',
    });
    expect(by['admin token']?.found).toMatch(/^works; service user key-revoker \(service-user-\w+\)$/);
    expect(by.rehearsal?.found).toMatch(/^queue, worker, Devin, audit bucket in [\d.]+ s; a made-up key/);
    expect(stored('admin')).toBe(setup.admin);
    expect(JSON.parse(stored('github') ?? '')).toMatchObject({
      private_key: setup.sandbox.github.app.private_key,
    });
    const [hook, ...others] = hooks();
    expect(others).toEqual([]);
    expect(hook).toMatchObject({
      active: true,
      events: ['secret_scanning_alert'],
      config: { url: setup.outputs.WebhookLambdaFunctionUrl, content_type: 'json', insecure_ssl: '0' },
    });
    expect(setup.sandbox.github.settings.secretOf(hook?.id ?? 0)).toBe(webhookSecret());
    expect(patterns()).toMatchObject([DEVIN_PATTERN]);
  });

  test('finds all fine once the pattern is published, changes nothing the second time, and a check agrees', async () => {
    await everything();
    publish();
    const before = JSON.stringify([hooks(), patterns(), stored('admin'), stored('github')]);

    const again = await findings([]);
    const checked = await findings(['--check']);

    expect([again.code, checked.code]).toEqual([0, 0]);
    expect(new Set(again.listed.map(({ status }) => status))).toEqual(new Set(['ok']));
    expect(checked.listed.map(({ check }) => check)).toEqual(
      again.listed.map(({ check }) => check).filter((check) => check !== 'rehearsal'),
    );
    expect(JSON.stringify([hooks(), patterns(), stored('admin'), stored('github')])).toBe(before);
  });

  test('deletes no key: its one DELETE is of an id that was made up', async () => {
    await everything();

    const deleted = deletedKeys(setup.sandbox);
    expect(deleted).toHaveLength(1);
    expect(deleted[0]).toMatch(/^setup-[0-9a-f-]{36}$/);
    expect(setup.sandbox.devin.keys().every(({ is_active }) => is_active)).toBe(true);
  });

  test('prints no part of a credential, whatever it comes to', async () => {
    const { devin, github } = setup.sandbox;
    const wrong = devin.createKey(devin.createServiceUser().service_user_id).token;
    await everything();
    await command(['--admin-token', '-'], { input: wrong });
    await command(['--admin-token', wrong]);
    await command(['--admin-secret', wrong]);
    await command(['--github-token', github.ownerToken]);
    await command([github.ownerToken]);
    await command(['--github-token', '-'], { input: `${github.ownerToken}x` });
    await command(['--stage', wrong, '--json']);
    github.fault({ operation: 'organizationSettings', status: 418, times: Number.POSITIVE_INFINITY });
    await command(['--check']);

    const all = written + output.text();
    const pem = github.app.private_key.split('\n')[3] ?? '';
    for (const secret of [setup.admin, wrong, setup.owner, webhookSecret(), github.token, pem]) {
      for (let at = 4; at + 8 <= secret.length; at++) expect(all).not.toContain(secret.slice(at, at + 8));
    }
  });

  test('prints a table for people, with what to do beneath', async () => {
    const { code, err, out } = await command(['--admin-token', '-', '--no-github'], { input: setup.admin });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n').slice(0, 3)).toEqual([
      STACK,
      '',
      `ok       stack                        ${STACK}`,
    ]);
    expect(out).toMatch(/\n\n8 ok\n$/);
  });
});

describe('an admin token', () => {
  const given = (input: string) =>
    findings(['--admin-token', '-', '--no-github', '--no-rehearsal'], { input });

  test.each<[string, () => string, number, string]>([
    ['that is revoked', revokedToken, 3, 'Devin does not accept it (HTTP 401)'],
    ['of a person', personalToken, 3, 'it is of no service user, but a pat_user of Ada 3'],
    ['that is none', () => 'hunter2', 3, 'it is not of the form cog_… or {"token": "cog_…"}'],
  ])('%s is refused and not stored', async (_title, make, code, found) => {
    const result = await given(make());

    expect(result.code).toBe(code);
    expect(result.by['admin token']).toMatchObject({ status: 'missing', found });
    expect(result.by['admin token stored']).toMatchObject({ status: 'missing' });
    expect(stored('admin')).toBeUndefined();
  });

  test('that may not revoke keys is refused, with the permission to grant', async () => {
    const { devin } = setup.sandbox;
    const result = await given(
      devin.createKey(devin.createServiceUser({ name: 'bot' }).service_user_id).token,
    );

    expect(result.code).toBe(3);
    expect(result.by['admin token']).toMatchObject({ status: 'ok' });
    expect(result.by['Devin: revoke keys']).toMatchObject({
      status: 'missing',
      mend: expect.stringContaining('ManageAccountServiceUsers'),
    });
    expect(stored('admin')).toBeUndefined();
  });

  test('that may list keys and not delete them is refused', async () => {
    setup.sandbox.devin.fault({ operation: 'revokeServiceUserApiKey', status: 403 });

    const result = await given(setup.admin);

    expect(result.by['Devin: revoke keys']).toMatchObject({ status: 'missing' });
    expect(stored('admin')).toBeUndefined();
  });

  test('that Devin says nothing of is not stored either, and the exit code says that it could not be checked', async () => {
    setup.sandbox.devin.fault({ operation: 'getSelf', status: 503, times: Number.POSITIVE_INFINITY });

    const result = await given(setup.admin);

    expect(result.code).toBe(4);
    expect(result.by['admin token stored']).toMatchObject({ status: 'unknown' });
    expect(stored('admin')).toBeUndefined();
  });

  test('that may not list service users is stored, since leaks are revoked, and the sweeps are said to be missing', async () => {
    setup.sandbox.devin.fault({ operation: 'listServiceUsers', status: 403 });

    const result = await given(setup.admin);

    expect(result.code).toBe(3);
    expect(result.by['Devin: list service users']).toMatchObject({
      status: 'missing',
      mend: expect.stringContaining('ViewAccountMembership'),
    });
    expect(stored('admin')).toBe(setup.admin);
  });

  test('that may not see sessions is enough, with a word on the aftermath', async () => {
    const { devin } = setup.sandbox;
    const user = devin.createServiceUser({ name: 'narrow', canManage: true, canWatch: false });

    const result = await given(devin.createKey(user.service_user_id).token);

    expect(result.code).toBe(0);
    expect(result.by['Devin: what followed a leak']).toMatchObject({
      status: 'limited',
      found: expect.stringContaining('ViewAccountSessions'),
    });
  });

  test('that does not do leaves the one that is stored', async () => {
    await given(setup.admin);

    const result = await given(revokedToken());

    expect(result.code).toBe(3);
    expect(stored('admin')).toBe(setup.admin);
  });
});

describe('a GitHub credential', () => {
  const run = (args: string[], input = '') =>
    findings([...args, '--no-rehearsal'], { input, asOwner: false });

  test.each<[string, () => void, string]>([
    [
      'that may only read alerts',
      () => Object.assign(setup.sandbox.github.permissions, { secret_scanning_alerts: 'read' }),
      'its permission for secret scanning alerts is: read',
    ],
    [
      'without a permission for alerts',
      () => delete setup.sandbox.github.permissions.secret_scanning_alerts,
      'its permission for secret scanning alerts is: none',
    ],
    [
      'of an App that is suspended',
      () => Object.assign(setup.sandbox.github, { suspendedAt: '2026-11-20T08:00:00Z' }),
      'is suspended',
    ],
  ])('%s is refused and not stored', async (_title, change, found) => {
    change();

    const { by, code } = await run(appArguments());

    expect(code).toBe(3);
    expect(by['GitHub credential']).toMatchObject({
      status: 'missing',
      found: expect.stringContaining(found),
    });
    expect(stored('github')).toBeUndefined();
  });

  test('of another installation is refused', async () => {
    const args = appArguments();
    args[args.indexOf('--github-installation-id') + 1] = '12345';

    const { by } = await run(args);

    expect(by['GitHub credential']).toMatchObject({
      status: 'missing',
      found: 'the App has no such installation (HTTP 404): see installation_id',
    });
    expect(stored('github')).toBeUndefined();
  });

  test('whose key is none is refused', async () => {
    const args = appArguments();
    writeFileSync(join(folder, 'key.pem'), 'no key');

    const { by } = await run(args);

    expect(by['GitHub credential']).toMatchObject({ status: 'missing' });
    expect(stored('github')).toBeUndefined();
  });

  test('that is a token is stored when it reads alerts, with what GitHub does not show of it', async () => {
    const { by } = await run(['--github-token', '-'], setup.sandbox.githubToken);

    expect(by['GitHub credential']).toMatchObject({ status: 'limited' });
    expect(by['alerts of acme']).toMatchObject({ status: 'ok' });
    expect(stored('github')).toBe(setup.sandbox.githubToken);
  });

  test('that does not read the alerts of an organisation is not stored', async () => {
    const { by } = await run([...appArguments(), '--org', 'another']);

    expect(by['alerts of another']).toMatchObject({ status: 'missing' });
    expect(stored('github')).toBeUndefined();
  });

  test('is not stored untried: without an organisation, nothing can be asked', async () => {
    deploySettings({ githubOrgs: '' });

    const { by, code } = await run(['--github-token', '-'], 'x'.repeat(40));

    expect(code).toBe(3);
    expect(by.alerts).toMatchObject({ status: 'unknown', mend: 'name it with --org' });
    expect(stored('github')).toBeUndefined();
  });

  test('of an App names the organisation, where none is named', async () => {
    deploySettings({ githubOrgs: '' });

    const { by } = await run(appArguments());

    expect(by['alerts of acme']).toMatchObject({ status: 'ok' });
    expect(by['missed alerts']).toMatchObject({ status: 'limited', mend: 'deploy with githubOrgs: acme' });
  });
});

describe("an organisation's webhook", () => {
  const ours = () => ({
    active: true,
    events: ['secret_scanning_alert'],
    config: { url: setup.outputs.WebhookLambdaFunctionUrl, content_type: 'json', secret: webhookSecret() },
  });
  const run = () => findings(['--no-rehearsal']);

  test.each<[string, object, object]>([
    ['that is not active', { active: false }, { active: true }],
    ['without our event', { events: ['push'] }, { events: ['push', 'secret_scanning_alert'] }],
    ['that sends forms', { config: { content_type: 'form' } }, { config: { content_type: 'json' } }],
    ['that takes any certificate', { config: { insecure_ssl: '1' } }, { config: { insecure_ssl: '0' } }],
    ['with another secret', { config: { secret: 'an old one' } }, {}],
    ['without a secret', { config: { secret: undefined } }, {}],
  ])('%s is mended', async (_title, change, mended) => {
    const { config = {}, ...rest } = { config: {}, ...change };
    setup.sandbox.github.settings.addHook('acme', {
      ...ours(),
      ...rest,
      config: { ...ours().config, ...config },
    });

    const { by } = await run();

    expect(by['webhook of acme']).toMatchObject({ status: 'ok', found: expect.stringMatching(/^mended: /) });
    expect(hooks()).toMatchObject([mended]);
    expect(setup.sandbox.github.settings.secretOf(hooks()[0]?.id ?? 0)).toBe(webhookSecret());
  });

  test('whose URL lacks the slash at its end is ours too', async () => {
    const url = setup.outputs.WebhookLambdaFunctionUrl.replace(/\/$/, '');
    setup.sandbox.github.settings.addHook('acme', { ...ours(), config: { ...ours().config, url } });

    expect((await run()).by['webhook of acme']).toMatchObject({ status: 'ok' });
    expect(hooks()).toHaveLength(1);
  });

  test('is not passed over in silence when there is no token to ask with', async () => {
    const { by } = await findings(['--check'], { asOwner: false });

    expect(by['webhook and pattern of acme']).toMatchObject({ status: 'unknown' });
  });

  test('of somebody else is left alone', async () => {
    const config = { url: 'https://example.com/', content_type: 'form' };
    const other = setup.sandbox.github.settings.addHook('acme', { active: false, events: ['push'], config });
    const before = structuredClone(other);

    await run();

    expect(hooks()[0]).toEqual(before);
    expect(hooks()).toHaveLength(2);
  });

  test('with another secret is seen by a check from the answer to its last delivery', async () => {
    const config = { ...ours().config, secret: 'an old one' };
    setup.sandbox.github.settings.addHook('acme', { ...ours(), config });
    const { id } = hooks()[0] ?? { id: 0 };
    await fetch(`${setup.sandbox.github.url}/orgs/acme/hooks/${id}/pings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${setup.owner}`, 'user-agent': 'test' },
    });
    await vi.waitFor(
      async () => expect((await findings(['--check'])).by['webhook of acme']?.status).toBe('missing'),
      {
        timeout: 10_000,
      },
    );

    const { by } = await run();

    expect(by['webhook of acme']?.found).toMatch(/^mended: its secret is another one; .* answered 200$/);
  });

  test('is described for people when the stored credential may not create it', async () => {
    setup.sandbox.secrets.put(setup.sandbox.secretIds.github, setup.sandbox.githubToken);

    const { by, code } = await findings(['--no-rehearsal'], { asOwner: false });

    expect(code).toBe(3);
    expect(by['webhook of acme']).toEqual({
      check: 'webhook of acme',
      status: 'unknown',
      found: expect.stringContaining('admin:org_hook'),
      mend: expect.stringContaining(`payload URL ${setup.outputs.WebhookLambdaFunctionUrl}`),
    });
    expect(hooks()).toEqual([]);
  });
});

describe('a check', () => {
  test('of a fresh stack changes nothing, and names all that is missing', async () => {
    const { by, code, listed } = await findings(['--check']);

    expect(code).toBe(3);
    expect(listed.filter(({ status }) => status === 'missing').map(({ check }) => check)).toEqual([
      'admin token',
      'GitHub credential',
      'webhook of acme',
      'custom pattern of acme',
    ]);
    expect(by['admin token']?.found).toBe('its secret is empty');
    const { github, secrets, sqs } = setup.sandbox;
    expect(secrets.requests.map(({ operation }) => operation)).not.toContain('PutSecretValue');
    expect(github.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(sqs.sent()).toEqual([]);
  });

  test('takes a secret that holds nothing but space for an empty one', async () => {
    const { secretIds, secrets } = setup.sandbox;
    for (const id of [secretIds.admin, secretIds.github]) secrets.put(id, '\n');

    const { by } = await findings(['--check']);

    for (const check of ['admin token', 'GitHub credential']) {
      expect(by[check]).toMatchObject({ status: 'missing', found: 'its secret is empty' });
    }
  });

  test('says that the stack rehearses', async () => {
    deploySettings({ dryRun: 'true' });

    expect((await findings(['--check'])).by['dry run']).toMatchObject({ status: 'limited' });
  });

  test('sees whether an alarm reaches anybody', async () => {
    const { sns } = setup;
    const alarms = async () => (await findings(['--check', '--no-github'])).by.alarms;
    const mail = { protocol: 'email', endpoint: 'security@acme.example' };

    expect(await alarms()).toMatchObject({ status: 'ok', found: 'reach 1 subscription' });
    sns.subscriptions.splice(0, 1, { ...mail, isConfirmed: false });
    expect(await alarms()).toMatchObject({ status: 'missing', found: 'they reach nobody; 1 not confirmed' });
    sns.subscriptions.push(...Array.from({ length: 120 }, () => ({ ...mail, isConfirmed: true })));
    expect(await alarms()).toMatchObject({
      status: 'ok',
      found: 'reach 120 subscriptions; 1 not confirmed',
    });
    sns.subscriptions.length = 0;
    expect(await alarms()).toMatchObject({ status: 'limited' });
    sns.fault({ operation: 'ListSubscriptionsByTopic', status: 403 });
    expect(await alarms()).toMatchObject({
      status: 'unknown',
      mend: 'your AWS credentials need sns:ListSubscriptionsByTopic',
    });
  });

  test('sees a function URL that does not answer', async () => {
    setup.cloudFormation.put(STACK, {
      settings: setup.settings,
      outputs: { ...setup.outputs, WebhookLambdaFunctionUrl: 'http://127.0.0.1:9/' },
    });

    expect((await findings(['--check'])).by.webhook).toMatchObject({
      status: 'unknown',
      found: 'no answer (ECONNREFUSED)',
    });
  });

  test('of a stack that does not exist, or lacks an output, ends there', async () => {
    const absent = await findings(['--check', '--stage', 'nowhere']);
    const { AuditBucketName: _, ...outputs } = setup.outputs;
    setup.cloudFormation.put(STACK, { settings: setup.settings, outputs });
    const old = await findings(['--check']);

    expect(absent).toMatchObject({
      code: 4,
      listed: [
        { check: 'stack', status: 'unknown', found: expect.stringContaining('there is none of this name') },
      ],
    });
    expect(old).toMatchObject({
      code: 3,
      listed: [{ check: 'stack', status: 'missing', found: 'it lacks the outputs AuditBucketName' }],
    });
  });
});

describe('the rehearsal', () => {
  test('of an alert names the key that would have been revoked, and revokes nothing', async () => {
    await everything();
    const leak = setup.sandbox.leak();

    const { by } = await findings(['--alert', `acme/webshop#${leak.alert.number}`]);

    expect(by.rehearsal).toMatchObject({
      status: 'ok',
      found: expect.stringContaining(
        `the alert would have ended as revoked: key ${leak.api_key_id} of ${leak.service_user_id}`,
      ),
    });
    expect(setup.sandbox.devin.isLive(leak.token)).toBe(true);
  });

  test('of an alert that does not exist is missing, with the reason', async () => {
    await everything();

    const { by, code } = await findings(['--alert', 'acme/webshop#7']);

    expect(code).toBe(3);
    expect(by.rehearsal).toMatchObject({ status: 'missing', found: expect.stringContaining('HTTP 404') });
    expect(setup.sandbox.sqs.deadLetters()).toEqual([]);
  });
});

describe('a person', () => {
  test('is asked for what is missing, and again for what does not do', async () => {
    const [, appId = '', , installationId = '', , file = ''] = appArguments();
    const typed = [
      `${revokedToken()}\r`,
      `${setup.admin}\r`,
      `${appId}\n`,
      `${installationId}\n`,
      `${folder}/absent.pem\n`,
      `${file}\n`,
    ];

    const { code, err } = await command(['--no-rehearsal'], { input: typed });

    expect(code).toBe(3);
    expect(err.match(/Devin admin token/g)).toHaveLength(2);
    expect(err).toContain('the file of the private key cannot be read (ENOENT)\nFile of its private key');
    expect(stored('admin')).toBe(setup.admin);
    expect(JSON.parse(stored('github') ?? '')).toMatchObject({ app_id: appId });
  });

  test('may leave out what is asked', async () => {
    const { code, out } = await command(['--no-rehearsal'], {
      input: ['\r', '\n', '\r', '\r'],
      asOwner: false,
    });

    expect(code).toBe(3);
    expect(out).toMatch(/missing +admin token +its secret is empty/);
    expect(stored('admin')).toBeUndefined();
  });

  test('who presses Ctrl-C ends it', async () => {
    expect(await command([], { input: ['\u0003'] })).toMatchObject({ code: 130, out: '' });
  });
});

test('--sandbox plays all of it, and leaves what a person has to click', async () => {
  const played = await findings(['--sandbox']);
  const fresh = await findings(['--sandbox', '--check']);

  expect([played.code, fresh.code]).toEqual([3, 3]);
  expect(played.listed.filter(({ status }) => status !== 'ok').map(({ check }) => check)).toEqual([
    'custom pattern of acme',
  ]);
  expect(fresh.by['admin token']).toMatchObject({ status: 'missing', found: 'its secret is empty' });
  expect(setup.cloudFormation.requests).toEqual([]);
});

test('a deployment without a stack is described by arguments', async () => {
  const { AdminTokenSecretArn, AuditBucketName, GithubTokenSecretArn, LeakQueueUrl } = setup.outputs;
  const { WebhookLambdaFunctionUrl, WebhookSecretArn } = setup.outputs;
  const { by, code } = await findings(
    [
      ...['--admin-secret', AdminTokenSecretArn, '--github-secret', GithubTokenSecretArn],
      ...['--webhook-secret', WebhookSecretArn, '--webhook-url', WebhookLambdaFunctionUrl],
      ...['--leak-queue-url', LeakQueueUrl, '--audit-bucket', AuditBucketName],
      ...['--devin-api-url', setup.sandbox.devin.url, '--github-api-url', setup.sandbox.github.url],
      ...['--org', 'acme', '--admin-token', '-', ...appArguments()],
    ],
    { input: setup.admin },
  );

  expect(code).toBe(3);
  expect(by.rehearsal?.status).toBe('ok');
  // Which organisations the deployed sweep looks through is not known.
  expect(by['missed alerts']).toBeUndefined();
  expect(setup.cloudFormation.requests).toEqual([]);
});

/** The stack, deployed again with other parameters. */
function deploySettings(settings: Record<string, string>): void {
  setup.cloudFormation.put(STACK, {
    outputs: setup.outputs,
    settings: { ...setup.settings, ...settings },
  });
}

function revokedToken(): string {
  const { devin } = setup.sandbox;
  const key = devin.createKey(devin.createServiceUser({ canManage: true }).service_user_id);
  devin.revoke(key.api_key_id);
  return key.token;
}

function personalToken(): string {
  return setup.sandbox.devin.createPersonalToken();
}
