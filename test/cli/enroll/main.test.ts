import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Result, run } from '../../../cli/enroll/main.ts';
import { awsEnvironment } from '../../../lib/aws/environment.ts';
import { s3AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import type { CreatedKey } from '../../../sandbox/devin-state.ts';
import { startServer } from '../../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

let sandbox: Sandbox;
let output: Output;
let said: string;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
  said = '';
});
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  await sandbox.stop();
});

/** Runs the command with this standard input. */
async function command(
  args: string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string | undefined> } = {},
): Promise<Result> {
  const all = sandbox.env(env);
  // The SDK's default chain reads them from the process.
  for (const [name, value] of Object.entries(all)) if (name.startsWith('AWS_')) vi.stubEnv(name, value);
  return run(args, all, {
    input: Readable.from([Buffer.from(input)]),
    say: (saying) => {
      said += saying;
    },
  });
}
const key = (): CreatedKey => sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id);
const json = ({ out }: Result) => JSON.parse(out ?? '');

function expectNoPartOf({ token }: CreatedKey, result: Result): void {
  const stored = sandbox.s3.objects().map(({ body, key: path }) => path + body);
  const everything = [output.text(), said, JSON.stringify(result), ...stored].join('\n');
  for (let at = 4; at + 8 <= token.length; at++) expect(everything).not.toContain(token.slice(at, at + 8));
}

describe('npm run enroll', () => {
  test('enrols a token of standard input, and knows it the next time', async () => {
    const one = key();

    const first = await command(['--token', '-', '--json'], { input: `${one.token}\n` });
    const second = await command(['--token', '-'], { input: one.token });

    expect(first).toEqual({ exitCode: 0, out: expect.any(String) });
    expect(json(first)).toEqual({
      tokens: [
        {
          origin: 'standard input',
          status: 'enrolled',
          service_user_id: one.service_user_id,
          api_key_id: one.api_key_id,
          confidence: 'high',
          method: 'only_active_key',
        },
      ],
    });
    expect(second.exitCode).toBe(0);
    expect(second.out).toMatch(
      new RegExp(
        `^FROM +STATUS +SERVICE USER +KEY +CONFIDENCE +REASON\nstandard input +known +${one.service_user_id} +${one.api_key_id} +high\n$`,
      ),
    );
    expectNoPartOf(one, first);
    expectNoPartOf(one, second);
  });

  test('puts on record who enrols which key, and why, and forwards it', async () => {
    const one = key();
    const received: string[] = [];
    const siem = await startServer({
      handle: ({ body }) => {
        received.push(body.toString());
        return { status: 202 };
      },
    });
    const env = { AUDIT_HTTP_URL: siem.url };
    const args = ['--token', '-', '--reason', `a new shop, ${one.token}`];
    const result = await command(args, { input: one.token, env });
    await command(args, { input: one.token, env });
    await siem.stop();

    const [act, ...others] = sandbox.s3.objects('records/');
    expect(others).toEqual([]);
    expect(received).toEqual([act?.body]);
    expect(JSON.parse(act?.body ?? '')).toMatchObject({
      actor: { invoked_by: 'console', user: { name: userInfo().username } },
      api: { request: { uid: expect.stringMatching(/^command-/) } },
      status_detail: 'a new shop, [redacted]',
      unmapped: { act: 'enrol', subject: `${one.service_user_id}/${one.api_key_id}` },
    });
    expectNoPartOf(one, result);
  });

  test('enrols the tokens of secrets, and tells our own from others', async () => {
    const [one, other] = [key(), key()];
    sandbox.secrets.put('shop', JSON.stringify({ blue: one.token, green: other.token }));

    const result = await command([
      '--secret-id',
      sandbox.secrets.arn('shop'),
      '--secret-id',
      sandbox.secretIds.admin,
      '--json',
    ]);

    expect(result.exitCode).toBe(0);
    expect(
      json(result)
        .tokens.map(({ api_key_id }: CreatedKey) => api_key_id)
        .sort(),
    ).toEqual([one, other, sandbox.admin].map(({ api_key_id }) => api_key_id).sort());
    const sources = sandbox.s3.objects('registry/').map(({ body }) => JSON.parse(body).source);
    expect(sources.sort()).toEqual(['enrolled', 'enrolled', 'own']);
  });

  test('exits with 1 and says why when a token is not enrolled', async () => {
    const dead = key();
    sandbox.devin.revoke(dead.api_key_id);
    sandbox.secrets.put('empty', 'hunter2');

    const result = await command(
      ['--token', '-', '--secret-id', 'empty', '--secret-id', 'missing', '--json'],
      {
        input: dead.token,
      },
    );

    expect(result.exitCode).toBe(1);
    expect(json(result).tokens).toEqual([
      { origin: 'standard input', status: 'refused', reason: 'the token is dead (HTTP 401)' },
      { origin: 'empty', status: 'failed', reason: 'it holds no Devin token' },
      { origin: 'missing', status: 'failed', reason: 'it cannot be read (ResourceNotFoundException)' },
    ]);
    expectNoPartOf(dead, result);
  });

  test('says that several keys are told apart, and for how long', async () => {
    const one = key();
    sandbox.devin.createKey(one.service_user_id);
    sandbox.s3.fault({ path: /experiments/, status: 503, times: Number.POSITIVE_INFINITY });

    const result = await command(['--token', '-', '--minutes', '1'], { input: one.token });

    expect(result.exitCode).toBe(1);
    expect(said).toBe('standard input: 2 keys are told apart, which takes up to 1 minutes\n');
    expect(result.out).toContain('the experiments cannot be read (HTTP 503)');
  });

  test('lists what is enrolled, notes of earlier versions included, without a token', async () => {
    const [one, other] = [key(), key()];
    await command(['--token', '-'], { input: `${one.token} ${other.token}` });
    await storeFormerNote();

    const table = await command(['--list'], { env: { ADMIN_TOKEN_SECRET_ID: undefined } });
    const listed = await command(['--list', '--json']);

    expect(table.exitCode).toBe(0);
    const [header, ...rows] = (table.out ?? '').trimEnd().split('\n');
    expect(header).toMatch(/^SERVICE USER +KEY +CONFIDENCE +SOURCE +FOUND BY +AGE$/);
    expect(rows).toHaveLength(3);
    expect(rows.join('\n')).toMatch(
      new RegExp(`${one.service_user_id} +${one.api_key_id} +high +enrolled +only active key +now`),
    );
    expect(rows.join('\n')).toMatch(/service-user-former +key-former +medium +leak +revocation +now/);
    expect(json(listed)).toMatchObject({ unreadable: 0 });
    expect(
      json(listed)
        .entries.map(({ source }: { source: string }) => source)
        .sort(),
    ).toEqual(['enrolled', 'enrolled', 'leak']);
    for (const each of [one, other]) {
      expectNoPartOf(each, table);
      expectNoPartOf(each, listed);
    }
  });

  test('lists an empty registry as a header, and exits with 1 when an entry is not readable', async () => {
    expect(await command(['--list'])).toMatchObject({ exitCode: 0, out: expect.stringMatching(/AGE\n$/) });
    await storeFormerNote({ api_key_id: '../key' });
    expect(await command(['--list'])).toMatchObject({ exitCode: 1, err: '1 entries are not readable\n' });
  });

  test.each<[string, string[], Record<string, string | undefined>, Result]>([
    [
      'settings that are missing',
      ['--token', '-'],
      { AUDIT_BUCKET: undefined, ADMIN_TOKEN_SECRET_ID: undefined },
      { exitCode: 2, err: 'bad configuration: ADMIN_TOKEN_SECRET_ID is not set; AUDIT_BUCKET is not set\n' },
    ],
    [
      'an admin token that is missing',
      ['--token', '-'],
      { ADMIN_TOKEN_SECRET_ID: 'nowhere' },
      { exitCode: 1, err: 'secret nowhere: cannot be read (ResourceNotFoundException)\n' },
    ],
    [
      'a bucket that cannot be listed',
      ['--list'],
      { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
      { exitCode: 1, err: 'the audit bucket is not listed: ECONNREFUSED\n' },
    ],
  ])('reports %s', async (_, args, env, expected) => {
    expect(await command(args, { env, input: 'x' })).toEqual(expected);
  });

  test('prints its usage with --help, and after a mistake', async () => {
    expect(await command(['--help'])).toEqual({ exitCode: 0, out: expect.stringContaining('--secret-id') });
    expect(await command([])).toEqual({ exitCode: 2, err: expect.stringContaining('Exit code: 0 when') });
  });

  test('runs as a program: standard input, standard output and the exit code', async () => {
    const one = key();
    const program = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../../cli/bin.cjs'), 'enroll', '--token', '-'],
      {
        env: { PATH: process.env.PATH, ...sandbox.env() },
      },
    );
    program.stdin.end(`${one.token}\n`);

    const [out, err, exitCode] = await Promise.all([
      text(program.stdout),
      text(program.stderr),
      new Promise((resolve) => program.on('exit', resolve)),
    ]);

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain(`enrolled  ${one.service_user_id}  ${one.api_key_id}`);
  });
});

/** A note as earlier versions of this software left it. */
async function storeFormerNote(change: object = {}): Promise<void> {
  const store = s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket);
  const note = {
    service_user_id: 'service-user-former',
    api_key_id: 'key-former',
    confidence: 'medium',
    report_id: 'console/1',
    ...change,
  };
  const path = `tokens/${'0'.repeat(64)}.json`;
  expect(await store.put(path, note, { deadline: Date.now() + 5_000 })).toEqual({ result: 'stored' });
}
