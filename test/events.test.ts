import { readdirSync, readFileSync } from 'node:fs';
import type { LambdaFunctionURLEvent, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sign } from '../lib/intake/signature.ts';
import { LeakReport } from '../lib/report.ts';
import { captureOutput, loadHandler, type Output } from './handlers/load-handler.ts';
import { alertPayload } from './sandbox/github-shapes.ts';
import { type Sandbox, startSandbox } from './sandbox/index.ts';

const folder = new URL('../events/', import.meta.url);
const used = new Set<string>();

/** A fresh copy of an event. */
function event<T = unknown>(name: string): T {
  used.add(`${name}.json`);
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

const deployBot = { service_user_id: 'service-user-deploy-bot', api_key_id: 'key-deploy-bot-1' };
const ciBot = { service_user_id: 'service-user-ci-bot', api_key_id: 'key-ci-bot-1' };
const alert = { owner: 'acme', repo: 'webshop', number: 1 };
const created = '2026-11-23T08:42:20Z';

let sandbox: Sandbox;
let output: Output;
/** The key whose token is in the alert. */
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox();
  for (const { service_user_id, api_key_id } of [deployBot, ciBot]) {
    sandbox.devin.createServiceUser({ service_user_id });
    sandbox.devin.createKey(service_user_id, { api_key_id });
  }
  const key = sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id);
  token = key.token;
  sandbox.github.createAlert({ ...alert, secret: token, created_at: created });
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const active = ({ api_key_id }: { api_key_id: string }) => sandbox.devin.key(api_key_id)?.is_active;
const alertNow = () => sandbox.github.alert('acme', 'webshop', 1);

describe('the event of the webhook', () => {
  it("GitHub's delivery is answered 202 and puts the alert on the queue", async () => {
    const delivery = event<LambdaFunctionURLEvent>('webhook-github-delivery');
    delivery.headers['x-hub-signature-256'] = sign(Buffer.from(delivery.body ?? ''), sandbox.webhookSecret);

    const answer = await (await loadHandler('webhook', sandbox.env()))(delivery);

    const report_id = 'github/acme/webshop/1/created/20261123T084220000Z';
    expect(answer).toMatchObject({ statusCode: 202, body: JSON.stringify({ report_id }) });
    const [report] = sandbox.sqs.sent().map((body) => LeakReport.parse(JSON.parse(body)));
    expect(report).toMatchObject({ report_id, leak: { kind: 'github_alert', ...alert } });
  });

  it("GitHub's delivery is refused with the signature that stands in the file", async () => {
    const handler = await loadHandler('webhook', sandbox.env());
    expect(await handler(event('webhook-github-delivery'))).toMatchObject({ statusCode: 401 });
    expect(sandbox.sqs.requests).toEqual([]);
  });

  it("GitHub's delivery has the shape of its published schema", () => {
    const { body } = event<LambdaFunctionURLEvent>('webhook-github-delivery');
    const stored = {
      ...alert,
      sequence: 1,
      secret: '',
      secret_type: 'devin_api_key',
      is_base64_encoded: false,
      validity: 'unknown',
      publicly_leaked: false,
      state: 'open',
      resolution: null,
      resolution_comment: null,
      resolved_at: null,
      created_at: created,
      updated_at: created,
    } as const;
    expect(JSON.parse(body ?? '')).toEqual(alertPayload(stored, 'created', 12_345_678));
  });
});

describe('the event of the worker', () => {
  const revoke = async (given: unknown) => (await loadHandler('revoke', sandbox.env()))(given);

  it('two messages of SQS kill both keys and close the alert', async () => {
    expect(await revoke(event('revoke-sqs'))).toEqual({ batchItemFailures: [] });
    expect([sandbox.devin.isLive(token), active(ciBot), active(deployBot)]).toEqual([false, false, true]);
    expect(alertNow()).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  it('the messages of SQS are leak reports, and hold nothing else', () => {
    for (const { body } of event<SQSEvent>('revoke-sqs').Records) {
      const message = JSON.parse(body);
      expect(LeakReport.parse(message)).toEqual(message);
    }
  });

  it('an EventBridge event kills the key', async () => {
    expect(await revoke(event('revoke-eventbridge'))).toMatchObject({
      ...deployBot,
      status: 'revoked',
      report_id: 'eventbridge/6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      recorded: true,
    });
    expect(active(deployBot)).toBe(false);
  });

  it('ids from the console kill the key', async () => {
    expect(await revoke(event('revoke-console-by-ids'))).toMatchObject({ ...deployBot, status: 'revoked' });
    expect([active(deployBot), active(ciBot)]).toEqual([false, true]);
  });

  it('a token from the console kills its key', async () => {
    const request = { ...event<{ token: string }>('revoke-console-by-token'), token };
    expect(await revoke(request)).toMatchObject({ status: 'revoked', evidence: 'token_rejected' });
    expect([sandbox.devin.isLive(token), active(deployBot)]).toEqual([false, true]);
  });

  it('an alert from the console kills its key and is closed', async () => {
    expect(await revoke(event('revoke-console-by-alert'))).toMatchObject({
      status: 'revoked',
      alert: { closed: true },
    });
    expect(sandbox.devin.isLive(token)).toBe(false);
    expect(alertNow()).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  it('bad input from the console is refused by every wrong field, before anything is touched', async () => {
    await expect(revoke(event('revoke-console-bad-input'))).rejects.toMatchObject({
      name: 'BadEventError',
      message:
        'bad event: service_user_id must be "service-user-" and letters, digits, "-" or "_", 128 at most; api_key_id must be letters, digits, ".", "_", "~" or "-", 256 at most; dryRun is not a known field',
    });
    const { devin, github, s3, secrets, sqs } = sandbox;
    for (const service of [devin, github, s3, secrets, sqs]) expect(service.requests).toEqual([]);
  });
});

it('every file of events/ is used here', () => {
  expect([...used].sort()).toEqual(readdirSync(folder).sort());
});
