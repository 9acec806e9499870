import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { callerEnvironment } from '../../lib/aws/caller-environment.ts';
import { writeLog } from '../support/log-folder.ts';
import { runCli } from '../support/run-cli.ts';

const BIN = join(import.meta.dirname, '../../cli/bin.cjs');
const COMMANDS = [
  ['audit-log'],
  ['audit-log', 'verify'],
  ['audit-log', 'show'],
  ['audit-log', 'report'],
  ['audit-log', 'key'],
  ['sweep'],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
  writeLog(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('help', () => {
  test.each(COMMANDS)('is there for %s %s', async (...command) => {
    const names = command.filter((name) => name !== undefined);
    const { code, stderr, stdout } = await runCli([...names, '--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: devin-key-revoker ${names.join(' ')}`);
    if (names.length > 1 || names[0] === 'sweep') expect(stdout).toMatch(/Exit codes:\n {2}0 {2}\w/);
  });
});

describe('a mistake is named, with a suggestion, and exits with 2', () => {
  test.each([
    [
      'a command that does not exist',
      ['audit-lug'],
      "unknown command 'audit-lug'\n(Did you mean audit-log?)",
    ],
    ['a command of the audit log that does not exist', ['audit-log', 'shwo'], '(Did you mean show?)'],
    [
      'an option that does not exist',
      ['audit-log', 'show', 'x', '--jsn'],
      "unknown option '--jsn'\n(Did you mean --json?)",
    ],
    ['an argument too many', ['audit-log', 'show', 'x', 'y'], 'too many arguments'],
    ['no argument', ['audit-log', 'show'], "missing required argument 'what'"],
    ['no key', ['audit-log', 'verify', '.'], "required option '--key <file>' not specified"],
    [
      'a day that does not exist',
      ['audit-log', 'report', '--from', '2026-99-99', '--to', '2026-07-31'],
      'There is no such day.',
    ],
    [
      'a day of another form',
      ['audit-log', 'report', '--from', 'yesterday', '--to', '2026-07-31'],
      'It must be a day in UTC such as 2026-07-30.',
    ],
    [
      'a day to be shown that is none',
      ['audit-log', 'show', '2026-99-99', '--in', '.'],
      'there is no day 2026-99-99',
    ],
    [
      'days in the wrong order',
      ['audit-log', 'report', '--from', '2026-07-31', '--to', '2026-07-01'],
      '--from 2026-07-31 is after --to 2026-07-01',
    ],
    [
      'a bucket of another form',
      ['audit-log', 'show', 'x', '--in', 's3://Bucket/prefix'],
      'is not of the form s3://bucket',
    ],
  ])('%s', async (_, args, message) => {
    const { code, stderr, stdout } = await runCli(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  describe('as whom AWS is called', () => {
    beforeEach(() => {
      for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID'])
        vi.stubEnv(name, undefined);
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
    });
    afterEach(() => vi.unstubAllEnvs());

    test.each([
      ['audit-log', 'show', 'x', '--in', 's3://bucket'],
      ['audit-log', 'key', 'id'],
    ])('names a region that is not set, and credentials that are not: %s %s', async (...args) => {
      const noRegion = await runCli(args);
      vi.stubEnv('AWS_REGION', 'eu-central-1');
      const noCredentials = await runCli(args);

      expect(noRegion).toMatchObject({ code: 2, stdout: '' });
      expect(noRegion.stderr).toMatch(/^failed: no AWS region: set AWS_REGION, .*\n$/);
      expect(noCredentials).toMatchObject({ code: 2, stdout: '' });
      expect(noCredentials.stderr).toMatch(/^failed: no AWS credentials: set AWS_PROFILE, .*\n$/);
    });

    test('is found in a profile', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'aws-'));
      const profile = ['aws_access_key_id = a', 'aws_secret_access_key = b', 'region = eu-central-1'];
      writeFileSync(join(folder, 'credentials'), ['[work]', ...profile, ''].join('\n'));
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
      vi.stubEnv('AWS_PROFILE', 'work');

      expect(await callerEnvironment(process.env)).toMatchObject({
        region: 'eu-central-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      });
      rmSync(folder, { recursive: true });
    });
  });

  test('no command at all prints the help', async () => {
    expect(await runCli([])).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('Commands:') });
  });
});

describe('as a process', () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [BIN, ...args], { env });
      const text = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (text.stdout += chunk));
      child.stderr.on('data', (chunk) => (text.stderr += chunk));
      child.on('close', (code) => resolve({ code, ...text }));
    });

  test('writes what was asked for to standard output, and nothing else', async () => {
    const { code, stderr, stdout } = await run(['audit-log', 'show', 'acme/webshop/3', '--in', folder]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^github\/acme\/webshop\/3\/.*: REVOKED\n/);
  });

  test('has no colours in a pipe', async () => {
    const { stdout } = await run(['audit-log', 'show', 'acme/webshop/3', '--in', folder], {
      TERM: 'xterm-256color',
    });

    expect(stdout).not.toContain('\x1b');
  });

  test('ends without a word when the reader closes the pipe', async () => {
    const child = spawn(process.execPath, [
      BIN,
      'audit-log',
      'report',
      '--from',
      '2026-07-01',
      '--to',
      '2026-07-31',
      '--in',
      folder,
    ]);
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on('close', resolve));

    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });
});

test('colours are for a terminal', async () => {
  const { stdout } = await runCli(['audit-log', 'show', 'acme/webshop/3', '--in', folder], {
    isTerminal: true,
  });

  expect(stdout.startsWith('\x1b[1mgithub')).toBe(true);
});
