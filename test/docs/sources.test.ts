import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../lib/intake/sources/routes.ts';
import { startFunctionUrl } from '../../sandbox/function-url.ts';
import type { SandboxServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler } from '../support/load-handler.ts';
import { blocks, readPage } from '../support/pages.ts';

const page = readPage('docs/sources.md');
const [signAndSend = '', addSecret = ''] = blocks(page, 'sh');

let sandbox: Sandbox;
let url: SandboxServer;

beforeAll(async () => {
  sandbox = await startSandbox();
  const handler = await loadHandler('webhook', sandbox.env());
  url = await startFunctionUrl((event) => handler(event));
});
afterAll(async () => {
  await Promise.all([url.stop(), sandbox.stop()]);
});

async function run(command: string, env: Record<string, string>): Promise<string> {
  const shell = spawn('bash', ['-c', command], { env: { ...process.env, ...env } });
  const [out, problems] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(problems).toBe('');
  return out;
}

describe('the page about sources', () => {
  test('shows a command that signs a leak so that it is taken', async () => {
    const { api_key_id, service_user_id } = sandbox.leak();
    const output = captureOutput();
    const answer = await run(signAndSend, {
      LEAKS_URL: `${url.url}/leaks`,
      LEAKS_SECRET: sandbox.standardSecret,
      SERVICE_USER_ID: service_user_id,
      API_KEY_ID: api_key_id,
    }).finally(output.restore);

    expect(JSON.parse(answer)).toEqual({ leaks: [{ accepted: true, report_id: expect.any(String) }] });
    expect(sandbox.sqs.sent().map((body) => JSON.parse(body))).toMatchObject([
      { leak: { kind: 'key', service_user_id, api_key_id }, reason: 'found in a wiki' },
    ]);
  });

  test('names every path that there is', () => {
    for (const path of Object.keys(ROUTES)) expect(page.text).toContain(path.replace(/^\/v1/, 'v1'));
  });

  test('adds a secret to the one that is there, and keeps that', async () => {
    const jq = /jq -R -s[\s\S]*?(?= \|\n {2}aws)/.exec(addSecret)?.[0] ?? '';
    const hasJq = (await run('command -v jq || true', {})) !== '';
    if (!hasJq) return expect(jq).toContain('whsec_');
    for (const [before, github] of [
      ['plain', 'plain'],
      ['{"github":"a"}', 'a'],
    ] as const) {
      const made = JSON.parse(await run(`printf '%s\\n' '${before}' | ${jq}`, {}));
      expect(made).toEqual({ github, standard: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    }
  });
});
