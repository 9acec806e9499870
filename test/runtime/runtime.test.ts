import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFunctionUrl } from '../../sandbox/function-url.ts';
import type { SandboxServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, deletedKeys, outcomeRecords } from '../../sandbox/observe.ts';
import { readResources, zipPath } from '../package/packaged.ts';
import { type Answer, type Runtime, startRuntime } from './runtime-api.ts';

describe('the packaged functions under the Lambda runtime client', () => {
  let sandbox: Sandbox;
  let webhook: Runtime;
  let revoke: Runtime;
  let url: SandboxServer;

  beforeAll(async () => {
    sandbox = await startSandbox();
    [webhook, revoke] = await Promise.all([
      start('WebhookLambdaFunction', 'webhook'),
      start('RevokeLambdaFunction', 'revoke'),
    ]);
    url = await startFunctionUrl(async (event) => response(await webhook.invoke(event)));
  });

  afterAll(async () => {
    await Promise.all([url.stop(), webhook.stop(), revoke.stop()]);
    await sandbox.stop();
  });

  /** With the handler, the timeout and the names of variables from the template, so that none is forgotten there. */
  function start(id: string, name: string): Promise<Runtime> {
    const { Environment, Handler, Timeout } = readResources()[id]?.Properties ?? {};
    const given = Object.entries(sandbox.env()).filter(
      ([variable]) => variable.startsWith('AWS_') || variable in Environment.Variables,
    );
    const env = Object.fromEntries(given);
    return startRuntime({ zip: zipPath(name), handler: Handler, env, timeoutSeconds: Timeout });
  }

  test('answer 401 to an unsigned delivery', async () => {
    const answer = await fetch(url.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-github-event': 'secret_scanning_alert' },
      body: '{}',
    });

    expect(answer.status).toBe(401);
    expect(sandbox.sqs.sent()).toEqual([]);
  });

  test('answer 405 to a GET', async () => {
    expect((await fetch(url.url)).status).toBe(405);
  });

  test('reject a bad direct event and name its wrong fields', async () => {
    const answer = await revoke.invoke({ service_user_id: 7, api_key_id: ' ', dry_run: 'yes' });

    expect(answer).toEqual({
      error: { errorType: expect.any(String), errorMessage: expect.stringContaining('service_user_id') },
    });
    expect(JSON.stringify(answer)).toMatch(/api_key_id.*dry_run/);
    expect(sandbox.devin.requests).toEqual([]);
  });

  test('ask again for a secret by the SDK client of their zip', async () => {
    sandbox.secrets.fault({ status: 500 });
    const before = sandbox.secrets.requests.length;
    const cold = await start('WebhookLambdaFunction', 'webhook');
    const own = await startFunctionUrl(async (event) => response(await cold.invoke(event)));
    const ping = await fetch(own.url, { method: 'POST', body: '{}' });
    await Promise.all([own.stop(), cold.stop()]);

    expect(ping.status).toBe(401);
    const stages = sandbox.secrets.requests
      .slice(before)
      .map(({ status, versionStage }) => [status, versionStage]);
    expect(stages).toEqual([
      [500, 'AWSCURRENT'],
      [200, 'AWSCURRENT'],
      [400, 'AWSPREVIOUS'],
    ]);
  });

  test('lead a signed delivery, sent twice, to a revoked key, a closed alert and one record', async () => {
    const leak = sandbox.leak();
    const deliveryId = randomUUID();
    const batches: unknown[] = [];
    sandbox.sqs.poll(async (event) => {
      const result = response(await revoke.invoke(event));
      batches.push(result);
      return result;
    });
    const settled = (count: number) =>
      expect.poll(() => [batches.length, sandbox.sqs.waiting()], { timeout: 30_000 }).toEqual([count, []]);

    const first = await sandbox.github.deliver(url.url, sandbox.webhookSecret, leak.alert, { deliveryId });
    await settled(1);
    const second = await sandbox.github.redeliver(url.url, deliveryId);
    await settled(2);

    expect([first.status, second.status]).toEqual([202, 202]);
    expect(batches).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(deletedKeys(sandbox)).toHaveLength(1);
    expect(alertOf(sandbox, leak.alert)).toMatchObject({
      state: 'resolved',
      resolution: 'revoked',
    });
    const records = sandbox.s3.objects();
    expect(outcomeRecords(sandbox).map(({ unmapped }) => unmapped)).toEqual([
      expect.objectContaining({ status: 'revoked', api_key_id: leak.api_key_id }),
    ]);
    // What the roles in serverless.yml allow, and nothing else.
    const { s3, sqs, secrets } = sandbox;
    const calls = [s3, sqs, secrets].flatMap(({ requests }) => requests.map(({ operation }) => operation));
    expect([...new Set(calls)].sort()).toEqual(['GetObject', 'GetSecretValue', 'PutObject', 'SendMessage']);
    expect(records.filter(({ key }) => !/^(?:records|registry|index)\//.test(key))).toEqual([]);
    const left = JSON.stringify([webhook.logs, revoke.logs, sandbox.sqs.sent(), records, first, second]);
    expect(left).not.toContain(leak.token);
  });
});

function response(answer: Answer): unknown {
  if ('error' in answer) throw new Error(`${answer.error.errorType}: ${answer.error.errorMessage}`);
  return answer.response;
}
