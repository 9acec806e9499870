import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxRequest, type SandboxServer, startServer } from '../../../sandbox/http-server.ts';
import { type CliOptions, type CliRun, runCli } from '../../support/run-cli.ts';
import { reports } from '../../support/scanner-reports.ts';

// Put together here, so that no scanner takes this file for a leak.
const body = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
const token = ['cog', body].join('_');
const other = ['cog', [...body].reverse().join('')].join('_');
const secret = ['whsec', randomBytes(24).toString('base64')].join('_');
const COMMIT = '304dda33768a40d1a7ed07cbe7461997ad11af5c';

let endpoint: SandboxServer;
let received: { leaks: { token: string; source: string; url?: string; note: string }[] }[];
/** What the endpoint answers to an item; accepted by default. */
let refuse: (token: string) => string | undefined;

beforeEach(async () => {
  received = [];
  refuse = () => undefined;
  endpoint = await startServer({ handle });
});
afterEach(() => endpoint.stop());

function handle({ body: bytes, headers, method, path }: SandboxRequest) {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${bytes.toString()}`;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  if (method !== 'POST' || path !== '/leaks') return { status: 404, body: {} };
  if (headers['webhook-signature'] !== signature) return { status: 401, body: {} };
  const report = JSON.parse(bytes.toString());
  received.push(report);
  const leaks = report.leaks.map((leak: { token: string }, at: number) => {
    const reason = refuse(leak.token);
    return reason === undefined
      ? { accepted: true, report_id: `webhook/${received.length}/${at}` }
      : { accepted: false, reason };
  });
  return {
    status: leaks.some(({ accepted }: { accepted: boolean }) => accepted) ? 202 : 422,
    body: { leaks },
  };
}

interface Options extends CliOptions {
  readonly args?: readonly string[];
}

/** Runs the command with a report on standard input. */
function report(text: string | Uint8Array, { args = [], ...options }: Options = {}): Promise<CliRun> {
  return runCli(['report-leaks', '-', '--url', endpoint.url, ...args], {
    env: { LEAKS_SECRET: secret },
    input: Readable.from([Buffer.from(text)]),
    ...options,
  });
}

function expectNoToken({ stderr, stdout }: CliRun): void {
  for (const one of [token, other])
    for (let at = 4; at + 8 <= one.length; at++) expect(stdout + stderr).not.toContain(one.slice(at, at + 8));
}

describe.each(Object.entries(reports))('a report of %s', (_scanner, write) => {
  test('is sent, each key once, and each place is printed with what became of it', async () => {
    const run = await report(write([token, other, token]));

    expect(run).toEqual({ code: 3, stderr: '', stdout: expect.any(String) });
    expect(received).toEqual([
      {
        leaks: [
          expect.objectContaining({
            token,
            note: 'devin-api-key: app.env:1 in commit 304dda33768a, and at 1 other place',
          }),
          expect.objectContaining({ token: other, note: 'devin-api-key: app.env:2 in commit 304dda33768a' }),
        ],
      },
    ]);
    expect(run.stdout.split('\n').map((line) => line.split('  ').slice(0, 2).join('  '))).toEqual([
      'accepted  app.env:1 in commit 304dda33768a',
      'accepted  app.env:3 in commit 304dda33768a',
      'accepted  app.env:2 in commit 304dda33768a',
      '2 Devin keys, 2 accepted and 0 refused; the report has 3 findings',
      '',
    ]);
    expectNoToken(run);
  });

  test('is printed as JSON too', async () => {
    refuse = (one) => (one === other ? `I do not like ${one}` : undefined);
    const run = await report(write([token, other]), { args: ['--json'] });

    const place = { rule: 'devin-api-key', file: 'app.env', commit: COMMIT };
    expect(run).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({
      findings: 2,
      unreadable: 0,
      leaks: [
        { accepted: true, report_id: 'webhook/1/0', places: [{ ...place, line: 1 }] },
        { accepted: false, reason: 'I do not like [redacted]', places: [{ ...place, line: 2 }] },
      ],
    });
    expectNoToken(run);
  });

  test('without a finding is no error', async () => {
    expect(await report(write([]))).toEqual({
      code: 0,
      stderr: '',
      stdout: 'no Devin key; the report has 0 findings\n',
    });
    expect(received).toEqual([]);
  });

  test('with other secrets alone sends nothing', async () => {
    const run = await report(write(['hunter2']).replaceAll('devin', 'other'));
    expect(run).toMatchObject({ code: 0, stdout: 'no Devin key; the report has 1 finding\n' });
    expect(received).toEqual([]);
  });

  test.each(['REDACTED', '[REDACTED:d6b195f0]', `${token.slice(0, 30)}...`])(
    'that is redacted as %s is refused, and not taken for a dead key',
    async (secretText) => {
      const run = await report(write([secretText]));
      expect(run.code).toBe(1);
      expect(run.stdout).toContain('the scanner redacted the key; run it without redaction');
      expect(received).toEqual([]);
      expectNoToken(run);
    },
  );
});

describe('a report', () => {
  const [write = () => ''] = Object.values(reports);

  test('of more than 100 keys goes in several requests', async () => {
    const many = Array.from({ length: 205 }, (_, at) => token.slice(0, -3) + base32(at));
    const run = await report(write(many));
    expect(run.code).toBe(3);
    expect(received.map(({ leaks }) => leaks.length)).toEqual([100, 100, 5]);
    expect(received.flatMap(({ leaks }) => leaks.map((leak) => leak.token))).toEqual(many);
  });

  test('names the place on GitHub', async () => {
    await report(write([token]));
    expect(received[0]?.leaks[0]).toEqual({
      token,
      source: 'gitleaks',
      url: `https://github.com/acme/web/blob/${COMMIT}/app.env#L1`,
      note: 'devin-api-key: app.env:1 in commit 304dda33768a',
    });
  });

  test.each<[string, Buffer]>([
    ['with a byte order mark', Buffer.from(`\ufeff${write([token])}`)],
    ['in UTF-16, as PowerShell redirects it', Buffer.from(`\ufeff${write([token])}`, 'utf16le')],
    [
      'with a name that is not UTF-8',
      Buffer.from(write([token]).replace('app.env', '\xff\xfe.env'), 'latin1'),
    ],
    ['with lines of Windows', Buffer.from(`${JSON.stringify(JSON.parse(write([token]))[0])}\r\n\r\n`)],
    [
      'with fields of other types',
      Buffer.from(
        write([token])
          .replaceAll('"app.env"', '{}')
          .replace(/"StartLine": 1/, '"StartLine": "x"'),
      ),
    ],
  ])('%s is read', async (_title, bytes) => {
    expect(await report(bytes)).toMatchObject({ code: 3 });
    expect(received[0]?.leaks[0]?.token).toBe(token);
  });

  test('with a key in the name of a file does not print it', async () => {
    const run = await report(write([token]).replaceAll('app.env', `${token}/${other}.env`), {
      args: ['--json'],
    });
    expect(run.code).toBe(3);
    expectNoToken(run);
    expect(received[0]?.leaks[0]?.note).toBe('devin-api-key: [redacted]/[redacted]:1 in commit 304dda33768a');
  });

  test('cannot forge a line or move the cursor', async () => {
    const run = await report(write([token]).replaceAll('app.env', 'a\\u001b[2J\\naccepted  \\u202eb'));
    expect(run.stdout).toContain('accepted  a\\u{1b}[2J\\naccepted  \\u{202e}b:1');
    expect(run.stdout.split('\n')).toHaveLength(3);
  });

  test('of which a part is not readable fails, after all else was sent', async () => {
    const run = await report(`not JSON\n{"RuleID": 1}\n${JSON.stringify(JSON.parse(write([token]))[0])}\n[]`);
    expect(run).toMatchObject({
      code: 1,
      stderr: '2 entries of the report are of no known scanner, and not looked at\n',
    });
    expect(received).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['of another program', '{"results": []}'],
  ])('that is %s is not taken for one without a finding', async (_title, text) => {
    expect(await report(text)).toMatchObject({
      code: 1,
      stderr: '1 entry of the report is of no known scanner, and not looked at\n',
    });
  });

  test.each<[string, string | Uint8Array, string]>([
    ['text', `key: ${token}`, 'the report is neither JSON nor JSON lines'],
    ['too large', new Uint8Array(128 * 1024 * 1024 + 1), 'the report has over 128 MiB; scan in parts'],
  ])('that is %s cannot be read', async (_title, text, message) => {
    const run = await report(text);
    expect(run).toEqual({ code: 2, stdout: '', stderr: `failed: ${message}\n` });
  });

  test('in a file is read, with the secret from standard input or a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'report-'));
    const [file, secretFile] = [join(folder, 'report.json'), join(folder, 'secret')];
    writeFileSync(file, write([token]));
    writeFileSync(secretFile, `${secret}\n`);
    const args = ['report-leaks', file, '--url', `${endpoint.url}/leaks`];

    expect(await runCli([...args, '--secret-file', secretFile])).toMatchObject({ code: 3 });
    const input = Readable.from([Buffer.from(secret)]);
    expect(await runCli([...args, '--secret-file', '-'], { input })).toMatchObject({ code: 3 });
    rmSync(folder, { recursive: true });
  });
});

describe('an endpoint', () => {
  const [write = () => ''] = Object.values(reports);

  test.each<[string, Partial<Record<'LEAKS_SECRET', string>>, string]>([
    ['does not know the secret', { LEAKS_SECRET: ['whsec', 'A'.repeat(32)].join('_') }, 'HTTP 401'],
  ])('that %s has all keys refused', async (_title, env, reason) => {
    const run = await report(write([token]), { env });
    expect(run.code).toBe(1);
    expect(run.stdout).toContain(reason);
    expectNoToken(run);
  });

  test('that cannot be reached has all keys refused', async () => {
    const run = await runCli(['report-leaks', '-', '--url', 'http://127.0.0.1:9/leaks'], {
      env: { LEAKS_SECRET: secret },
      input: Readable.from([Buffer.from(write([token]))]),
    });
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('no answer (ECONNREFUSED)');
  });
});

describe('a mistake exits with 2, and quotes no secret', () => {
  test.each<[string, string[], Record<string, string>, string]>([
    ['no secret', [], {}, 'error: the secret is missing: set LEAKS_SECRET, or give --secret-file'],
    ['a secret of another form', [], { LEAKS_SECRET: token }, 'error: the secret is not "whsec_" and base64'],
    ['a secret as an argument', [`--secret=${secret}`], {}, "error: unknown option '--secret=[redacted]'"],
    ['a key as an argument', [token], {}, 'error: too many arguments'],
    ['both from standard input', ['--secret-file', '-'], {}, 'cannot both be on standard input'],
    ['a secret file that is missing', ['--secret-file', '/no/such'], {}, '/no/such cannot be read (ENOENT)'],
    ['a URL in clear', ['--url', 'http://example.com'], {}, 'It must be an https URL'],
  ])('%s', async (_title, args, env, message) => {
    const run = await report('[]', { args, env });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expectNoToken(run);
    expect(run.stderr).not.toContain(secret.slice(6));
  });
});

/** Three characters of a token's alphabet. */
function base32(value: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  return [1024, 32, 1].map((weight) => alphabet[Math.floor(value / weight) % 32]).join('');
}
