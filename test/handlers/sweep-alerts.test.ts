import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSBatchResponse } from 'aws-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AlertSweepResult } from '../../lib/sweep/alerts/sweep-alerts.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, outcomeRecords } from '../../sandbox/observe.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

const MINUTE = 60_000;
let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

type Env = Record<string, string | undefined>;
const sweep = async (env: Env = {}): Promise<AlertSweepResult> =>
  (await loadHandler('sweep-alerts', sandbox.env(env)))({ scheduled_at: '2026-11-23T03:15:00Z' });
const ago = (minutes: number): string =>
  new Date(Date.now() - minutes * MINUTE).toISOString().replace(/\.\d+/, '');

/** A key whose alert is so old, and whose webhook nobody got. */
function missed({ minutes = 6, owner = 'acme', secret_type = 'devin_api_key' } = {}) {
  const user = sandbox.devin.createServiceUser();
  const key = sandbox.devin.createKey(user.service_user_id);
  const alert = sandbox.github.createAlert({
    owner,
    secret: key.token,
    secret_type,
    created_at: ago(minutes),
  });
  return { ...key, alert };
}
const sent = (): { report_id: string }[] => sandbox.sqs.sent().map((body) => JSON.parse(body));
const statuses = () => outcomeRecords(sandbox).map(({ status_code }) => status_code);

/** Works on everything that is on the queue until it is empty. */
async function work(env: Env = {}): Promise<void> {
  const revoke: Handler<'revoke'> = await loadHandler(
    'revoke',
    sandbox.env({ PROOF_WINDOW_SECONDS: '1', ...env }),
  );
  const poller = sandbox.sqs.poll((event) => revoke(event) as Promise<SQSBatchResponse>, {
    visibilityTimeoutSeconds: 0,
  });
  while (sandbox.sqs.waiting().length > 0) await sleep(10);
  await poller.stop();
}

test('a lost webhook ends in a revoked key, a closed alert and one outcome', async () => {
  const leak = missed();

  expect(await sweep()).toEqual({
    status: 'swept',
    alerts: { queued: 1, closing: 0, rechecked: 0, settled: 0, young: 0, failed: 0 },
    failed: [],
  });
  await work();

  expect(sandbox.devin.isLive(leak.token)).toBe(false);
  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  expect(statuses()).toEqual(['revoked']);
  expect(await sweep()).toMatchObject({ alerts: { queued: 0 } });
});

test('a webhook that arrives at the same moment makes the same report, and one outcome', async () => {
  const leak = missed();
  const webhook = await loadHandler('webhook', sandbox.env());
  const { body, headers } = sandbox.github.signed(leak.alert, sandbox.webhookSecret);
  const requestContext = { http: { method: 'POST' } };
  const event = { headers, body: body.toString(), isBase64Encoded: false, requestContext };

  await Promise.all([sweep(), webhook(event)]);

  expect(new Set(sent().map(({ report_id }) => report_id)).size).toBe(1);
  expect(sent()).toHaveLength(2);
  await work();
  expect(statuses()).toEqual(['revoked']);
  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved' });
});

test('alerts of another type, of another organisation, and younger than five minutes are left', async () => {
  missed({ secret_type: 'aws_key' });
  missed({ owner: 'elsewhere' });
  missed({ minutes: 4 });

  expect(await sweep()).toMatchObject({ alerts: { queued: 0, young: 1 } });
  expect(sent()).toEqual([]);
});

test('a backlog is worked off over all pages and organisations; one that refuses stops no other', async () => {
  for (let index = 0; index < 120; index++) missed({ minutes: 10 + index });
  for (let index = 0; index < 3; index++) missed({ owner: 'globex' });
  sandbox.github.fault({ path: '/orgs/initech/secret-scanning/alerts', status: 403 });

  const result = await sweep({ GITHUB_ORGS: 'nobody,initech,acme,globex' });

  expect(result).toEqual({
    status: 'swept',
    alerts: { queued: 123, closing: 0, rechecked: 0, settled: 0, young: 0, failed: 0 },
    failed: [
      { org: 'nobody', reason: expect.stringContaining('404') },
      { org: 'initech', reason: expect.stringContaining('403') },
    ],
  });
  expect(new Set(sent().map(({ report_id }) => report_id)).size).toBe(123);
  expect(output.entries()).toContainEqual(expect.objectContaining({ AlertSweepFailed: 2 }));
});

test('a rate limit is waited for when it ends in time, and reported when it does not', async () => {
  missed();
  sandbox.github.fault({
    operation: 'listOrganizationAlerts',
    status: 403,
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + 1),
    },
  });
  expect(await sweep()).toMatchObject({ alerts: { queued: 1 }, failed: [] });

  sandbox.github.fault({
    operation: 'listOrganizationAlerts',
    status: 403,
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + 900),
    },
  });
  const handler = await loadHandler('sweep-alerts', sandbox.env());
  const limited = await handler({}, lambdaContext({ getRemainingTimeInMillis: () => 3_000 }));
  expect(limited).toMatchObject({
    failed: [{ org: 'acme', reason: expect.stringContaining('rate limit') }],
  });
});

test('an alert that GitHub refused to close is closed later, once it lets us', async () => {
  const leak = missed();
  sandbox.github.delegatedDismissal = true;
  await sweep();
  await work();
  expect(statuses()).toEqual(['revoked']);
  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'open' });

  sandbox.github.delegatedDismissal = false;
  expect(await sweep()).toMatchObject({ alerts: { queued: 0, closing: 1 } });
  await work();

  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  expect(statuses()).toEqual(['revoked', 'already_revoked']);
});

test('closing is tried once a day, and an alert that waits for a person not at all', async () => {
  missed();
  sandbox.github.delegatedDismissal = true;
  sandbox.github.createAlert({ secret: sandbox.devin.createPersonalToken(), created_at: ago(7) });
  await sweep();
  await work();
  expect(statuses().sort()).toEqual(['escalated', 'revoked']);

  expect(await sweep()).toMatchObject({ alerts: { queued: 0, closing: 1, settled: 1 } });
  await work();
  expect(await sweep()).toMatchObject({ alerts: { queued: 0, closing: 0, settled: 2 } });
});

test('an alert that changed since its webhook is known by the report that it made when it was new', async () => {
  const leak = missed();
  sandbox.github.delegatedDismissal = true;
  await sweep();
  await work();
  const { number, owner, repo } = leak.alert;
  sandbox.github.touch({ owner, repo, number });

  expect(await sweep()).toMatchObject({ alerts: { queued: 0, closing: 1 } });
});

test('a leak is queued although the audit store cannot be read', async () => {
  missed();
  sandbox.s3.fault({ method: 'GET', status: 403, times: Number.POSITIVE_INFINITY });

  expect(await sweep()).toMatchObject({ alerts: { queued: 1 } });
});

test('one report that the queue does not take stops no other', async () => {
  missed();
  missed();
  sandbox.sqs.fault({ operation: 'SendMessage', status: 400, times: 1 });

  expect(await sweep()).toMatchObject({ alerts: { queued: 1, failed: 1 } });
});

test('a dry run says so in its reports, and nothing is revoked', async () => {
  const leak = missed();
  await sweep({ DRY_RUN: 'true' });
  await work();

  expect(sandbox.devin.isLive(leak.token)).toBe(true);
  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'open' });
});

test('no token is in any answer, log or message', async () => {
  const leak = missed();
  const result = await sweep();

  const everything = [JSON.stringify(result), output.text(), ...sandbox.sqs.sent()].join('\n');
  expect(everything).not.toContain(leak.token.slice(4, 14));
  const listing = sandbox.github.requests.find(({ operation }) => operation === 'listOrganizationAlerts');
  expect(listing?.query).toContain('hide_secret=true');
});

test('settings that are wrong are named together', async () => {
  await expect(
    sweep({ GITHUB_ORGS: 'a/b', GITHUB_SECRET_TYPES: '', AUDIT_BUCKET: undefined }),
  ).rejects.toThrow(
    /AUDIT_BUCKET is not set; GITHUB_SECRET_TYPES is not set; GITHUB_ORGS must be GitHub organisations/,
  );
});
