import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startFunctionUrl } from '../../../sandbox/function-url.ts';
import type { SandboxServer } from '../../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';
import { outcomeRecords } from '../../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../../sandbox/sqs-event.ts';
import { orgKey } from '../../support/detector-samples.ts';
import { captureOutput, loadHandler, type Output } from '../../support/load-handler.ts';
import { runCli } from '../../support/run-cli.ts';
import { reports } from '../../support/scanner-reports.ts';

// report-leaks against the function that it sends to.

let sandbox: Sandbox;
let output: Output;
let url: SandboxServer;

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
  const handler = await loadHandler('webhook', sandbox.env());
  url = await startFunctionUrl((event) => handler(event));
});
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  await Promise.all([url.stop(), sandbox.stop()]);
});

const report = (secrets: readonly string[]) =>
  runCli(['report-leaks', '-', '--url', url.url, '--json'], {
    env: { LEAKS_SECRET: sandbox.standardSecret },
    input: Readable.from([Buffer.from(reports['gitleaks, and betterleaks 1']?.(secrets) ?? '')]),
  });

test('a key in a report is dead once the worker has read the queue', async () => {
  const { leaked } = sandbox.leak();
  const run = await report([leaked.token]);
  expect(run).toMatchObject({ code: 3, stderr: '' });
  const { report_id } = JSON.parse(run.stdout).leaks[0];

  const revoke = await loadHandler('revoke', sandbox.env());
  const messages = sandbox.sqs.sent().map((body) => sqsRecord(body));
  expect(await revoke(sqsEvent(...messages))).toEqual({ batchItemFailures: [] });

  expect(sandbox.devin.isLive(leaked.token)).toBe(false);
  const [outcome] = outcomeRecords(sandbox);
  expect(outcome?.unmapped).toMatchObject({
    report_id,
    status: 'revoked',
    api_key_id: leaked.api_key_id,
    report: {
      detector: 'webhook',
      caller: 'gitleaks',
      reason: expect.stringMatching(
        /^devin-api-key: app\.env:1 in commit 304dda33768a, found at https:\/\/github\.com\/acme\/web\/blob\//,
      ),
    },
  });
});

test('a legacy key is accepted, for a person to revoke', async () => {
  expect(await report([orgKey])).toMatchObject({ code: 3 });
});

test('a secret that is not the one of the function has the key refused', async () => {
  const { leaked } = sandbox.leak();
  sandbox.secrets.put(sandbox.secretIds.webhook, JSON.stringify({ github: 'x' }));
  sandbox.secrets.put(sandbox.secretIds.webhook, JSON.stringify({ github: 'y' }));
  const run = await report([leaked.token]);
  expect(run.code).toBe(1);
  expect(JSON.parse(run.stdout).leaks).toMatchObject([
    { accepted: false, reason: 'the secret is not the one of the endpoint (HTTP 401)' },
  ]);
});
