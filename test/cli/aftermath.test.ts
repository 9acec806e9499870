import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aftermathCommand } from '../../cli/aftermath/command.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';
import { runCli } from '../support/run-cli.ts';

const script = fileURLToPath(new URL('../../cli/bin.cjs', import.meta.url));
const now = () => Math.floor(Date.now() / 1_000);
const since = '2026-07-30';
let sandbox: Sandbox;
let output: Output;
let leak: ReturnType<Sandbox['leak']>;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
  leak = sandbox.leak();
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

async function command(args: string[], { answer = false, env = sandbox.env() } = {}) {
  let text = '';
  const questions: string[] = [];
  const code = await aftermathCommand(args, env, {
    out: (written) => {
      text += written;
    },
    ask: async (question) => {
      questions.push(question);
      return answer;
    },
  });
  return { code, text, questions };
}

const start = (given: object = {}) =>
  sandbox.devin.startSession({ service_user_id: leak.service_user_id, title: 'a\u001b[31mtitle', ...given });
const deletions = () => sandbox.devin.requests.filter(({ method }) => method === 'DELETE').length;

describe('npm run aftermath', () => {
  test('shows what a service user did since a time as a table, and changes nothing', async () => {
    const session = start({ as_user: 'user-1' });
    start({ status: 'exit' });
    const { code, text } = await command([leak.service_user_id, '--since', since]);
    expect(code).toBe(0);
    expect(text).toMatch(/^CREATED \(UTC\) +SESSION +STATUS +ORIGIN +UNUSUAL +TITLE\n/);
    expect(text).toMatch(
      new RegExp(`${session.session_id} +running +api +hour, origin, as user-1 +a \\[31mtitle`),
    );
    expect(text).toContain(`started 2 sessions (1 in the name of a user`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the terminal
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(sandbox.devin.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(sandbox.s3.requests).toEqual([]);
  });

  test('finds the service user and the time by a report of the audit log', async () => {
    const revoke = await loadHandler('revoke', sandbox.env({ AFTERMATH: 'report' }));
    start();
    await revoke({ github_alert: leak.alert });
    const { code, text } = await command([leak.service_user_id, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({
      service_user_id: leak.service_user_id,
      api_key_id: leak.api_key_id,
      complete: true,
      sessions: { total: 1, running: 1 },
    });
  });

  test('ends a session after a question, with an intent and a record', async () => {
    const session = start();
    const args = [leak.service_user_id, '--since', since, '--terminate', session.session_id];
    expect(await command(args)).toMatchObject({ code: 1, text: 'nothing was ended\n' });
    expect(deletions()).toBe(0);
    const { code, questions, text } = await command(args, { answer: true });
    expect(questions).toEqual([expect.stringContaining(session.session_id)]);
    expect(code).toBe(0);
    expect(text).toContain(`${session.session_id} was ended, and its end was read`);
    expect(sandbox.devin.session(session.session_id)).toMatchObject({ status: 'exit', is_archived: true });
    const names = sandbox.s3.objects('records/').map(({ key }) => key.split('/').at(-1));
    expect(names.sort()).toEqual([`72-end-session-${session.session_id}.json`, '75-aftermath.json']);
  });

  test('ends nothing without a stored intent', async () => {
    const { session_id } = start();
    sandbox.s3.fault({ method: 'PUT', status: 503, times: 99 });
    const args = [leak.service_user_id, '--since', since, '--terminate', session_id, '--yes'];
    const { code, text } = await command(args);
    expect(code).toBe(1);
    expect(text).toContain('nothing is ended without a stored intent');
    expect(deletions()).toBe(0);
  });

  test.each([
    [[], /a report or a service user is missing/],
    [['service-user-1'], /--since is missing/],
    [['github/acme/webshop/1'], /reports are looked up in the audit log/],
    [['service-user-1', '--since', 'yesterday'], /--since must be/],
    [['service-user-1', '--since', '2999-01-01'], /must not be in the future/],
    [['service-user-1', 'service-user-2'], /only one/],
    [['service-user-1', '--sinse', since], /Unknown option/],
  ])('refuses %j', async (args, message) => {
    const env = sandbox.env({ AUDIT_BUCKET: undefined });
    await expect(command(args, { env })).rejects.toThrow(message);
    expect(sandbox.devin.requests).toEqual([]);
  });

  test('refuses to end a session that is over, older, or of somebody else', async () => {
    const over = start({ status: 'exit' });
    const older = start({ created_at: now() - 1_000 });
    const other = sandbox.devin.startSession({ service_user_id: 'service-user-2' });
    const time = new Date(Date.now() - 60_000).toISOString();
    for (const { session_id } of [over, older, other]) {
      const args = [leak.service_user_id, '--since', time, '--terminate', session_id, '--yes'];
      await expect(command(args)).rejects.toThrow(/does not run|is not among the sessions/);
    }
    expect(deletions()).toBe(0);
  });

  test('exits with 1 when not all could be read, and says what is missing', async () => {
    sandbox.devin.fault({ operation: 'listEnterpriseAuditLogs', status: 403 });
    const { code, text } = await command([leak.service_user_id, '--since', since]);
    expect(code).toBe(1);
    expect(text).toContain('NOT COMPLETE: the audit log could not be read: HTTP 403');
  });

  test('as a program prints usage and exit codes, and no token', async () => {
    const run = (args: string[], env: Record<string, string>) =>
      new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [script, 'aftermath', ...args], { env }, (error, stdout, stderr) => {
          resolve({ code: error?.code ?? 0, stdout, stderr });
        });
      });
    const env = { DEVIN_API_URL: sandbox.devin.url, DEVIN_TOKEN: sandbox.admin.token };
    expect(await run([], env)).toMatchObject({ code: 2, stderr: expect.stringContaining('--terminate') });
    const { code, stderr, stdout } = await run([leak.service_user_id, '--since', since, '--json'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ sessions: { total: 0 } });
    const session = start();
    const end = [leak.service_user_id, '--since', since, '--terminate', session.session_id];
    const refused = await run(end, env);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('AUDIT_BUCKET is not set') });
    expect(JSON.stringify(refused)).not.toContain(sandbox.admin.token.slice(4, 12));
  });
});

test('an aftermath is in the timeline and in the report, escaped', async () => {
  start({ title: '<script>alert(1)</script>' });
  sandbox.devin.createSchedule({ created_by: leak.service_user_id, name: '<img src=x>' });
  const revoke = await loadHandler('revoke', sandbox.env({ AFTERMATH: 'report' }));
  await revoke({ github_alert: leak.alert });
  const env = sandbox.env();
  const shown = await runCli(['audit-log', 'show', leak.service_user_id], { env });
  expect(shown.stdout).toMatch(
    /aftermath: since .* started 1 session .*1 still runs: https:\/\/app\.devin\.ai\//,
  );
  expect(shown.stdout).toContain('made or changed 1 schedule ("<img src=x>", enabled)');
  const report = await runCli(['audit-log', 'report', '--from', '2020-01-01', '--to', '2999-12-31'], { env });
  expect(report.stdout).toContain('<h2>Aftermath</h2>');
  expect(report.stdout).toContain('&lt;img src=x&gt;');
  expect(report.stdout).not.toContain('<img');
});
