import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
  vi.useRealTimers();
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
const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE);
const sent = (): { report_id: string; redeliver?: boolean }[] =>
  [...sandbox.sqs.sent(), ...sandbox.sqs.backlogSent()].map((body) => JSON.parse(body));
const none = { queued: 0, closing: 0, rechecked: 0, settled: 0, waiting: 0, later: 0, young: 0, failed: 0 };
const statuses = () => outcomeRecords(sandbox).map(({ status_code }) => status_code);

/** Works on everything that is on the queue until it is empty. */
async function work(env: Env = {}): Promise<void> {
  const [isFaked, at] = [vi.isFakeTimers(), Date.now()];
  // The worker waits by the clock.
  vi.useRealTimers();
  const revoke: Handler<'revoke'> = await loadHandler(
    'revoke',
    sandbox.env({ PROOF_WINDOW_SECONDS: '1', ...env }),
  );
  const onBatch = (event: SQSEvent) => revoke(event) as Promise<SQSBatchResponse>;
  const how = { visibilityTimeoutSeconds: 0 };
  const pollers = [sandbox.sqs.poll(onBatch, how), sandbox.sqs.pollBacklog(onBatch, how)];
  while (sandbox.sqs.waiting().length + sandbox.sqs.backlogWaiting().length > 0) await sleep(10);
  await Promise.all(pollers.map((poller) => poller.stop()));
  if (isFaked) vi.useFakeTimers({ now: at, toFake: ['Date'] });
}

test('a lost webhook ends in a revoked key, a closed alert and one outcome', async () => {
  const leak = missed();

  expect(await sweep()).toEqual({
    status: 'swept',
    alerts: { ...none, queued: 1 },
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
  const requestContext = { http: { method: 'POST', path: '/' } };
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
    alerts: { ...none, queued: 123 },
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

test('an alert that is not settled is queued again with growing pauses, and each time tried once', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  missed({ minutes: 90 });
  sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 401, times: Number.POSITIVE_INFINITY });
  for (let quarter = 0; quarter < 8; quarter++) {
    await sweep();
    await work();
    later(15);
  }

  expect(sent()).toHaveLength(3);
  expect(new Set(sent().map(({ report_id }) => report_id)).size).toBe(1);
  expect(sandbox.s3.objects('records/').filter(({ key }) => key.includes('/50-attempt-'))).toHaveLength(3);
});

test('a dry run rehearses an alert once, not every quarter of an hour, and the run after it revokes at once', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const leak = missed({ minutes: 90 });
  for (let quarter = 0; quarter < 8; quarter++) {
    await sweep({ DRY_RUN: 'true' });
    later(15);
  }
  expect(sent()).toHaveLength(3);
  await work();
  expect(sandbox.devin.isLive(leak.token)).toBe(true);

  expect(await sweep()).toMatchObject({ alerts: { queued: 1 } });
  await work();
  expect(sandbox.devin.isLive(leak.token)).toBe(false);
});

test('alerts whose messages nobody takes are not multiplied', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  for (let index = 0; index < 20; index++) missed({ minutes: 90 });
  for (let quarter = 0; quarter < 8; quarter++) {
    await sweep();
    later(15);
  }

  expect(sent()).toHaveLength(60);
});

test('an alert whose secret is no token of Devin is queued once', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  sandbox.github.createAlert({ secret: 'not a token of Devin', created_at: ago(90) });
  for (let quarter = 0; quarter < 8; quarter++) {
    await sweep();
    await work();
    later(15);
  }

  expect(statuses()).toEqual(['escalated']);
  expect(sent()).toHaveLength(1);
});

test('an alert that a person must decide on makes one escalation, however often it changes', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const alert = sandbox.github.createAlert({
    secret: sandbox.devin.createPersonalToken(),
    created_at: ago(90),
    updated_at: ago(80),
  });
  for (let day = 0; day < 3; day++) {
    await sweep();
    await work();
    sandbox.github.touch(alert);
    later(24 * 60);
  }

  expect(statuses()).toEqual(['escalated']);
});

test('an alert that was opened again, and whose webhook was lost, is contained again', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const leak = missed();
  await sweep();
  await work();
  expect(await sweep()).toMatchObject({ alerts: none });
  later(10);
  sandbox.github.reopen(leak.alert);
  later(6);

  expect(await sweep()).toMatchObject({ alerts: { queued: 1 } });
  const again = sent().at(-1)?.report_id;
  expect(again).toMatch(/^github\/acme\/webshop\/1\/reopened\/\d{8}T\d{9}Z$/);
  await work();
  expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  expect(statuses()).toEqual(['revoked', 'already_revoked']);
});

test('an alert that a person closed and opened again is contained again', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const alert = sandbox.github.createAlert({
    secret: sandbox.devin.createPersonalToken(),
    created_at: ago(90),
  });
  await sweep();
  await work();
  sandbox.github.resolve(alert);
  await sweep();
  later(60);
  sandbox.github.reopen(alert);
  later(6);

  expect(await sweep()).toMatchObject({ alerts: { queued: 1 } });
  expect(sent().filter(({ report_id }) => report_id.includes('/reopened/'))).toHaveLength(1);
});

test('a new leak goes to the queue of leaks, and a backlog to its own, bounded a minute and the newest first', async () => {
  missed({ minutes: 10 });
  for (let index = 0; index < 40; index++) missed({ minutes: 100 + index });

  const result = await sweep({ BACKLOG_PER_MINUTE: '2' });

  expect(result).toMatchObject({ alerts: { queued: 31, later: 10 } });
  const numbers = (bodies: string[]): number[] => bodies.map((body) => JSON.parse(body).leak.number);
  expect(numbers(sandbox.sqs.sent())).toEqual([1]);
  const backlog = numbers(sandbox.sqs.backlogSent());
  expect(backlog.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 2));
  // Two at once, then two each minute.
  expect(sandbox.sqs.backlogReady()).toHaveLength(1);
  expect(sent().map(({ redeliver }) => redeliver)).toEqual([undefined, ...backlog.map(() => false)]);

  vi.useFakeTimers({ now: Date.now() + 15 * MINUTE, toFake: ['Date'] });
  expect(await sweep({ BACKLOG_PER_MINUTE: '2' })).toMatchObject({ alerts: { queued: 14, later: 0 } });
  expect(new Set(numbers(sandbox.sqs.backlogSent())).size).toBe(41);
});

test('a run that ends early is continued where it stopped, after the newest alerts', async () => {
  for (let index = 0; index < 450; index++) missed({ minutes: 100 + index });
  const env = { BACKLOG_PER_MINUTE: '10000' };
  const pages = (): number =>
    sandbox.github.requests.filter(({ operation }) => operation === 'listOrganizationAlerts').length;
  const runs: number[] = [];
  sandbox.github.onRequest = () => {
    // The time is over while the third page is read.
    if (pages() % 3 === 0) vi.setSystemTime(Date.now() + 25_000);
  };
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  for (let run = 0; run < 4; run++) {
    const handler = await loadHandler('sweep-alerts', sandbox.env(env));
    const ends = Date.now() + 30_000;
    await handler({}, lambdaContext({ getRemainingTimeInMillis: () => Math.max(0, ends - Date.now()) }));
    runs.push(new Set(sent().map(({ report_id }) => report_id)).size);
  }

  expect(runs).toEqual([200, 300, 400, 450]);
});

test('a malformed alert fails alone', async () => {
  const leak = missed();
  const good = { number: leak.alert.number, created_at: ago(6), repository: { full_name: 'acme/webshop' } };
  const bad = [{ ...good, number: 'one' }, { ...good, created_at: 7 }, null, { ...good, repository: {} }];
  sandbox.github.fault({ operation: 'listOrganizationAlerts', status: 200, body: [...bad, good] });

  expect(await sweep()).toMatchObject({ alerts: { queued: 1, failed: 4 }, failed: [] });
});

test.each([
  'rel="next"',
  'rel=next',
  "rel='next'",
  'rel="last next"',
  'rel = "next"',
  'title="more"; REL="Next"',
])('a listing with a next page (%s) that cannot be found is not taken for its end', async (rel) => {
  missed();
  const link = `<https://api.github.com/orgs/acme/secret-scanning/alerts?per_page=100>; ${rel}`;
  sandbox.github.fault({ operation: 'listOrganizationAlerts', status: 200, headers: { link }, body: [] });

  expect(await sweep()).toMatchObject({
    failed: [{ org: 'acme', reason: "GitHub's listing does not say where its next page begins" }],
  });
});

test('what was queued is not queued again when the ledger cannot be read, but for what is new since', async () => {
  missed({ minutes: 90 });
  await sweep();
  missed({ minutes: 6 });
  sandbox.s3.fault({ operation: 'ListObjectsV2', status: 403, times: Number.POSITIVE_INFINITY });

  expect(await sweep()).toMatchObject({ alerts: { queued: 1, later: 1 } });
  expect(output.entries()).toContainEqual(expect.objectContaining({ AlertSweepFailed: 1 }));
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
  const ledger = sandbox.s3.objects('sweeps/').map(({ body }) => body);
  expect(ledger).toHaveLength(1);
  expect(ledger.join()).not.toContain(leak.token.slice(4, 14));
  const listing = sandbox.github.requests.find(({ operation }) => operation === 'listOrganizationAlerts');
  expect(listing?.query).toContain('hide_secret=true');
});

test('an alert of a repository that is named by a token is queued once, and its name is written nowhere', async () => {
  const token = sandbox.devin.createPersonalToken();
  sandbox.github.createAlert({ repo: token, secret: token, created_at: ago(90) });

  expect(await sweep()).toMatchObject({ alerts: { failed: 0, queued: 1 } });
  expect(await sweep()).toMatchObject({ alerts: { failed: 0, queued: 0 } });
  const stored = sandbox.s3.objects().map(({ body, key }) => key + body);
  expect([...stored, output.text(), ...sandbox.sqs.backlogSent()].join()).not.toContain(token.slice(4, 14));
});

test('settings that are wrong are named together', async () => {
  await expect(
    sweep({ GITHUB_ORGS: 'a/b', GITHUB_SECRET_TYPES: '', AUDIT_BUCKET: undefined }),
  ).rejects.toThrow(
    /AUDIT_BUCKET is not set; GITHUB_SECRET_TYPES is not set; GITHUB_ORGS must be GitHub organisations/,
  );
});
