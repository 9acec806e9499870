import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InputStream } from '../../../cli/terminal/read-hidden.ts';
import { awsEnvironment } from '../../../lib/aws/environment.ts';
import { s3ReplaceableObjects } from '../../../lib/aws/replaceable-objects.ts';
import { Token } from '../../../lib/domain/token.ts';
import type { RegistryEntry } from '../../../lib/identify/registry/entry.ts';
import { tokenRegistry } from '../../../lib/identify/registry/registry.ts';
import type { SandboxServer } from '../../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';
import { startLambdaApi } from '../../../sandbox/lambda-api.ts';
import { alertOf, deletedKeys, outcomeRecords } from '../../../sandbox/observe.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../../support/load-handler.ts';
import { type CliOptions, type CliRun, runCli } from '../../support/run-cli.ts';

const FUNCTION = 'devin-key-revoker-prod-revoke';

let sandbox: Sandbox;
let lambda: SandboxServer;
let output: Output;
/** What the function received. */
let events: unknown[];
/** Takes the place of the function. */
let instead: (() => Promise<unknown>) | undefined;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
  events = [];
  instead = undefined;
  const handler = await loadHandler('revoke', sandbox.env({ PROOF_WINDOW_SECONDS: '1' }));
  lambda = await startLambdaApi({
    [FUNCTION]: (event, { clientContext, requestId }) => {
      events.push(event);
      if (instead !== undefined) return instead();
      const context = {
        awsRequestId: requestId,
        ...(clientContext && { clientContext: Object(clientContext) }),
      };
      return handler(event, lambdaContext(context));
    },
  });
});
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  await Promise.all([lambda.stop(), sandbox.stop()]);
});

interface Options extends CliOptions {
  readonly noYes?: boolean;
}

function revoke(args: readonly string[], { noYes, ...options }: Options = {}): Promise<CliRun> {
  const env = { ...sandbox.env(), AWS_ENDPOINT_URL_LAMBDA: lambda.url };
  const all = ['revoke', '--function', FUNCTION, ...(noYes ? [] : ['--yes']), ...args];
  return runCli(all, { env, ...options });
}
const byIds = (key: { service_user_id: string; api_key_id: string }) => [
  '--service-user',
  key.service_user_id,
  '--key',
  key.api_key_id,
];
const stdin = (text: string): InputStream => Readable.from([Buffer.from(text)]);
/** A terminal at which a person types. */
const typed = (...lines: string[]): InputStream =>
  Object.assign(Readable.from(lines.map((line) => Buffer.from(line))), { isTTY: true, setRawMode: () => {} });

function expectNoToken(token: string, { stderr, stdout }: CliRun): void {
  const everything = stdout + stderr + output.text();
  for (let at = 4; at + 8 <= token.length; at++) expect(everything).not.toContain(token.slice(at, at + 8));
}

describe('revoke', () => {
  test('revokes a key by its ids, and says what was done, how it is known and what is left to do', async () => {
    const { leaked } = sandbox.leak();
    const run = await revoke([...byIds(leaked), '--reason', 'INC-4711']);

    expect(run.code).toBe(0);
    expect(run.stderr).toContain(
      `Revokes API key ${leaked.api_key_id} of ${leaked.service_user_id}, with the function`,
    );
    expect(run.stdout).toMatch(
      new RegExp(
        [
          `^\nDEAD: API key ${leaked.api_key_id} "leaked" of ${leaked.service_user_id} is revoked`,
          '',
          'What was done',
          '  the key was found by ids, with confidence certain',
          `  DELETE of ${leaked.api_key_id} at \\S+Z: revoked`,
          '',
          'How it is known',
          "  Devin's listing shows the key inactive \\(\\S+Z\\)",
          '',
          'What is left to do',
          '  give what used the key a new one',
          '  see what was done with it: npm run aftermath -- console/\\S+',
          '',
          'Report console/\\S+; its records: npm run audit-log -- show console/\\S+\n$',
        ].join('\n'),
      ),
    );
    expect(deletedKeys(sandbox)).toEqual([leaked.api_key_id]);
    const [record] = outcomeRecords(sandbox);
    expect(record?.actor).toMatchObject({ user: { name: expect.stringMatching(/^[\w.-]+@[\w.-]+$/) } });
    expect(record?.unmapped.report).toMatchObject({ reason: 'INC-4711', detector: 'console' });
  });

  test('revokes the key of a token on standard input, which it never shows', async () => {
    const { leaked } = sandbox.leak();
    const run = await revoke(['--token', '-'], { input: stdin(`${leaked.token}\n`) });

    expect(run.code).toBe(0);
    expect(run.stdout).toContain('the token is answered 401 three times in a row');
    expect(sandbox.devin.isLive(leaked.token)).toBe(false);
    expectNoToken(leaked.token, run);
  });

  test('revokes the key of an alert, and resolves the alert', async () => {
    const { alert, leaked } = sandbox.leak();
    const run = await revoke(['--alert', `acme/webshop#${alert.number}`]);

    expect(run).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the alert was resolved as revoked'),
    });
    expect(alertOf(sandbox, alert)).toMatchObject({ state: 'resolved' });
    expect(deletedKeys(sandbox)).toEqual([leaked.api_key_id]);
  });

  describe('by a fingerprint', () => {
    async function note(leaked: ReturnType<Sandbox['leak']>['leaked'], entry: Partial<RegistryEntry> = {}) {
      const objects = s3ReplaceableObjects(awsEnvironment(sandbox.env()), sandbox.auditBucket);
      const { api_key_id, service_user_id } = leaked;
      await tokenRegistry(objects, { deadline: Date.now() + 5_000 }).note(new Token(leaked.token), {
        version: 1,
        api_key_id,
        service_user_id,
        confidence: 'certain',
        source: 'enrolled',
        method: 'created',
        ...entry,
      });
      return new Token(leaked.token).fingerprint();
    }

    test('shows the ids that the registry names, and goes by them', async () => {
      const { leaked } = sandbox.leak({ keys: 3 });
      const run = await revoke(['--fingerprint', await note(leaked)]);

      expect(run.code).toBe(0);
      expect(run.stderr).toContain(
        `the registry: API key ${leaked.api_key_id} of ${leaked.service_user_id}, confidence certain (enrolled, created)`,
      );
      expect(events).toEqual([{ service_user_id: leaked.service_user_id, api_key_id: leaked.api_key_id }]);
    });

    test.each<[string, Partial<RegistryEntry> | undefined, string]>([
      ['is not known', undefined, 'the registry does not know this fingerprint'],
      ['is not sure', { confidence: 'medium' }, 'that is not sure enough: --service-user'],
    ])('leaves to a person what %s', async (_title, entry, message) => {
      const { leaked } = sandbox.leak();
      const fingerprint = entry === undefined ? 'a'.repeat(64) : await note(leaked, entry);
      const run = await revoke(['--fingerprint', fingerprint]);
      expect(run).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining(message) });
      expect(events).toEqual([]);
    });
  });

  test('changes nothing in a dry run, asks nothing, and exits as it would end', async () => {
    const { leaked } = sandbox.leak();
    const run = await revoke([...byIds(leaked), '--dry-run'], { noYes: true });

    expect(run.code).toBe(0);
    expect(run.stdout).toContain('DRY RUN: nothing was changed; it would end as revoked');
    expect(run.stdout).toContain(
      `  it would revoke API key ${leaked.api_key_id} of ${leaked.service_user_id}`,
    );
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('prints the outcome as JSON', async () => {
    const { leaked } = sandbox.leak();
    const run = await revoke([...byIds(leaked), '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({
      status: 'revoked',
      api_key_id: leaked.api_key_id,
      proof: { method: 'listing' },
    });
  });

  test('leaves it to a person when several keys may be the one', async () => {
    const leak = sandbox.leak();
    instead = async () => ({
      status: 'escalated',
      report_id: 'console/1',
      service_user_id: leak.service_user_id,
      reason: 'two keys',
      next_step: 'look at both',
      candidates: [
        {
          api_key_id: 'key-1',
          api_key_name: 'ci\u202e',
          created_at: '2026-01-01T00:00:00Z',
          last_used_at: null,
        },
      ],
    });
    const run = await revoke(byIds(leak.leaked));
    expect(run).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('NOT REVOKED: a person must decide'),
    });
    expect(run.stdout).toContain('  look at both\n');
    expect(run.stdout).toContain(`--key key-1  "ci\\u{202e}", last used never`);
  });

  test.each<[string, object, number, string]>([
    ['was dead before', { status: 'already_revoked', owner: 'unknown' }, 0, 'nobody here knows it'],
    ['is not known to Devin', { status: 'not_found', reason: 'HTTP 404' }, 3, 'check both ids'],
    ['still works', { status: 'still_alive', reason: 'it works', retryable: true }, 4, 'STILL ALIVE'],
    [
      'could not be revoked',
      { status: 'failed', reason: 'HTTP 503', retryable: true },
      4,
      'run the command again',
    ],
    ['is of a resolved alert', { status: 'ignored', reason: 'resolved' }, 3, 'NOTHING DONE'],
    ['was not recorded', { status: 'revoked', recorded: false }, 0, 'the audit log did not take the record'],
    ['would be escalated', { status: 'rehearsed', would_end: 'escalated', reason: 'x' }, 3, 'DRY RUN'],
    [
      'is dead by a newer function',
      { status: 'revoked', proof: { method: 'token', probes: 3, at: 0, new: 1 } },
      0,
      '401',
    ],
  ])('exits by the outcome: a key that %s', async (_title, answer, code, shown) => {
    instead = async () => ({ report_id: 'console/1', api_key_id: 'key-1', ...answer });
    const run = await revoke(['--service-user', 'service-user-1', '--key', 'key-1']);
    expect(run).toMatchObject({ code, stdout: expect.stringContaining(shown) });
  });
});

describe('a call that does not come to an outcome', () => {
  const ids = ['--service-user', 'service-user-1', '--key', 'key-1'];
  const failing = (name: string, message: string) => async () => {
    throw Object.assign(new Error(message), { name });
  };

  test.each<[string, () => Promise<unknown>, number, string]>([
    [
      'times out',
      failing('Sandbox.Timedout', 'Task timed out'),
      4,
      'It may have revoked the key all the same',
    ],
    [
      'is not configured',
      failing('ConfigError', 'AUDIT_BUCKET is not set'),
      4,
      'AUDIT_BUCKET is not set. Nothing was done',
    ],
    [
      'refuses the request',
      failing('BadEventError', 'bad event: reason'),
      2,
      'bad event: reason. Nothing was done',
    ],
    ['answers something else', async () => 'hello', 4, 'the function answered what is no outcome'],
  ])('fails when the function %s', async (_title, act, code, message) => {
    instead = act;
    const run = await revoke(ids);
    expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
  });

  test('fails when AWS refuses it, and says that nothing was done', async () => {
    lambda.fault({ status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' }, body: {} });
    const run = await revoke(ids);
    expect(run).toMatchObject({ code: 4 });
    expect(run.stderr).toContain('AWS refused the call (AccessDeniedException). Nothing was done');
  });

  test('is repeated when Lambda throttles it, and only then', async () => {
    const { leaked } = sandbox.leak();
    lambda.fault({ status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: {} });
    expect(await revoke(byIds(leaked))).toMatchObject({ code: 0 });

    lambda.fault({ status: 500, headers: { 'x-amzn-errortype': 'ServiceException' }, body: {} });
    const run = await revoke(byIds(leaked));
    expect(run).toMatchObject({ code: 4, stderr: expect.stringContaining('It may have revoked the key') });
    expect(events).toHaveLength(1);
  });

  test('fails when the person ends the wait, and says that the function may go on', async () => {
    instead = () => new Promise(() => setTimeout(() => process.emit('SIGINT'), 50));
    const run = await revoke(ids);
    expect(run).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('It may have revoked the key all the same'),
    });
  });

  test('exits with 2 when there is no such function', async () => {
    const env = { ...sandbox.env(), AWS_ENDPOINT_URL_LAMBDA: lambda.url };
    const run = await runCli(['revoke', '--function', 'other', '--yes', ...ids], { env });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('ResourceNotFoundException') });
  });
});

describe('a person at a terminal', () => {
  test('is asked, and revokes with yes', async () => {
    const { leaked } = sandbox.leak();
    const run = await revoke(byIds(leaked), { noYes: true, isTerminal: true, input: typed('yes\n') });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('a revoked key cannot be brought back');
    expect(run.stderr).toContain('Revoke it? [y/N] ');
    expect(deletedKeys(sandbox)).toEqual([leaked.api_key_id]);
  });

  test('types the token, and is asked then', async () => {
    const { leaked } = sandbox.leak();
    const input = typed(`${leaked.token}\r`, 'y\n');
    const run = await revoke(['--token', '-'], { noYes: true, isTerminal: true, input });
    expect(run.code).toBe(0);
    expectNoToken(leaked.token, run);
  });

  test.each(['n\n', '\n', ''])('revokes nothing with %j', async (answer) => {
    const { leaked } = sandbox.leak();
    const run = await revoke(byIds(leaked), { noYes: true, isTerminal: true, input: typed(answer) });
    expect(run).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('nothing was done') });
    expect(events).toEqual([]);
  });
});

describe('a mistake exits with 2, does nothing and quotes no token', () => {
  const token = ['cog', 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst'].join('_');

  test.each<[string, string[], string]>([
    ['no target', [], 'name one of --service-user with --key, --token, --fingerprint, and --alert'],
    ['two targets', ['--token', '-', '--alert', 'a/b#1'], 'name one of'],
    ['a token as an argument', ['--token', token], '--token takes only "-"'],
    ['a token in another place', [`--tokn=${token}`], "unknown option '--tokn=[redacted]'"],
    ['a token as an id', ['--service-user', 'service-user-1', '--key', token], '--key must not be a token'],
    ['a key without its service user', ['--key', 'key-1'], '--service-user is missing'],
    ['a service user without a key', ['--service-user', 'service-user-1'], '--key is missing'],
    [
      'an id of another form',
      ['--service-user', 'bot', '--key', 'k'],
      '--service-user must be "service-user-"',
    ],
    ['a fingerprint of another form', ['--fingerprint', 'abc'], '--fingerprint must be 64 hex digits'],
    ['an alert of another form', ['--alert', 'acme/web/1'], '--alert must be of the form owner/repo#42'],
    ['an empty token', ['--token', '-'], 'standard input holds no token'],
  ])('%s', async (_title, args, message) => {
    const run = await revoke(args);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expectNoToken(token, run);
    expect(events).toEqual([]);
  });

  test('nobody to ask', async () => {
    const run = await revoke(['--alert', 'acme/web#1'], { noYes: true });
    expect(run).toMatchObject({
      code: 2,
      stderr: 'error: --yes is missing: there is no terminal on which to ask\n',
    });
  });

  test('no function', async () => {
    const run = await runCli(['revoke', '--alert', 'acme/web#1', '--yes']);
    expect(run).toMatchObject({ code: 2, stderr: 'error: --function or --sandbox is missing\n' });
  });
});
