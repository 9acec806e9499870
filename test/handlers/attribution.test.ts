import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/outcome.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { captureOutput, type Handler, loadHandler, type Output } from './load-handler.ts';

// What happens when the same key is reported again: a redelivery, a reopened alert, an expired key.

type Alert = { owner: string; repo: string; number: number };

let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const load = () =>
  loadHandler('revoke', sandbox.env({ LEAK_QUEUE_URL: undefined, PROOF_WINDOW_SECONDS: '1' }));
const invoke = async (revoke: Handler<'revoke'>, event: unknown) => (await revoke(event)) as Outcome;
const deleted = () =>
  sandbox.devin.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ path }) => path.split('/').at(-1));
const counted = () =>
  output.entries().flatMap((entry) => ('_aws' in entry ? [entry.status ?? Object.keys(entry).at(-1)] : []));
const records = () =>
  sandbox.s3.objects('records/').map(({ body, key }) => ({
    name: key
      .split('/')
      .at(-1)
      ?.replace(/attempt-\w+/, 'attempt'),
    ...JSON.parse(body).unmapped,
  }));
const second = () => Math.floor(Date.now() / 1_000);
const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();

/** The message of a GitHub alert's report, the same each time that it is delivered. */
const delivery = (alert: Alert, receiveCount = 1) => ({
  Records: [
    {
      messageId: 'message',
      receiptHandle: 'handle',
      eventSource: 'aws:sqs',
      attributes: { ApproximateReceiveCount: String(receiveCount) },
      body: JSON.stringify({
        version: 1,
        report_id: `github/${alert.owner}/${alert.repo}/${alert.number}/created/20260730T082640000Z`,
        detector: 'github',
        invoked_by: 'webhook',
        reported_at: Date.parse('2026-07-30T08:26:40Z'),
        seen_at: Date.now(),
        leak: { kind: 'github_alert', ...alert },
      }),
    },
  ],
});
const DONE = { batchItemFailures: [] };
const AGAIN = { batchItemFailures: [{ itemIdentifier: 'message' }] };

test('a revocation that shows only after the proof window is tried again, and then it is proven', async () => {
  const leak = sandbox.leak({ keys: 1 });
  sandbox.devin.revocationLagMs = 2_000;
  const revoke = await load();

  expect(await revoke(delivery(leak.alert))).toEqual(AGAIN);
  expect(sandbox.devin.isLive(leak.token)).toBe(true);
  expect(sandbox.github.alert(leak.alert.owner, leak.alert.repo, leak.alert.number)?.state).toBe('open');

  sandbox.devin.revocationLagMs = 0;
  expect(await revoke(delivery(leak.alert, 2))).toEqual(DONE);

  const named = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
  expect(records()).toMatchObject([
    { name: '10-intent.json' },
    { name: '50-attempt.json', status: 'still_alive', ...named },
    { name: '70-alert.json' },
    { name: '90-outcome.json', status: 'revoked', evidence: 'recovered', ...named },
  ]);
  expect(deleted()).toEqual([leak.api_key_id]);
  expect(counted()).toEqual(['still_alive', 'revoked']);
  expect(sandbox.github.alert(leak.alert.owner, leak.alert.repo, leak.alert.number)?.state).toBe('resolved');
});

test('our own key needs no admin token when its report is delivered again', async () => {
  const alert = sandbox.github.createAlert({ secret: sandbox.admin.token });
  const revoke = await load();

  expect(await revoke(delivery(alert))).toEqual(DONE);
  expect(sandbox.devin.isLive(sandbox.admin.token)).toBe(false);
  const before = records();
  output.clear();

  expect(await revoke(delivery(alert, 2))).toEqual(DONE);
  expect(records()).toEqual(before);
  expect(before).toMatchObject([
    { name: '10-intent.json' },
    { name: '70-alert.json' },
    { name: '90-outcome.json', status: 'revoked', own_key: true, api_key_id: sandbox.admin.api_key_id },
  ]);
  expect(deleted()).toEqual([sandbox.admin.api_key_id]);
});

test('a reopened alert of a dead key is verified and closed again with a note, without an alarm', async () => {
  const leak = sandbox.leak();
  const { number, owner, repo } = leak.alert;
  const revoke = await load();
  await invoke(revoke, { github_alert: leak.alert });
  await reopen(leak.alert);
  expect(sandbox.github.alert(owner, repo, number)?.state).toBe('open');

  const answer = await invoke(revoke, { github_alert: leak.alert });

  expect(answer).toMatchObject({
    status: 'already_revoked',
    evidence: 'dead_on_arrival',
    service_user_id: leak.service_user_id,
    api_key_id: leak.api_key_id,
    attribution: { method: 'fingerprint', confidence: 'certain' },
    proof: { method: 'token' },
    alert: { closed: true },
    recorded: true,
  });
  expect(sandbox.github.alert(owner, repo, number)).toMatchObject({
    state: 'resolved',
    resolution_comment: expect.stringContaining(`${leak.api_key_id} of ${leak.service_user_id} already`),
  });
  expect(deleted()).toEqual([leak.api_key_id]);
  expect(counted()).toEqual(['revoked', 'already_revoked']);
});

describe('an expired key', () => {
  test('is dead on arrival when its token is all that is known', async () => {
    const leak = sandbox.leak({ keys: 2, key: { expires_at: second() - 60 } });

    expect(await invoke(await load(), { github_alert: leak.alert })).toMatchObject({
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      alert: { closed: true },
      recorded: true,
    });
    expect(deleted()).toEqual([]);
    expect(counted()).toEqual(['already_revoked']);
  });

  test('is told with the time of its end when the report names it', async () => {
    const expires_at = second() - 60;
    const { api_key_id, service_user_id } = sandbox.leak({ keys: 2, key: { expires_at } });

    expect(await invoke(await load(), { service_user_id, api_key_id })).toMatchObject({
      attribution: { method: 'ids', confidence: 'certain' },
      proof: { method: 'listing' },
      exposure: { expires_at: iso(expires_at) },
      recorded: true,
    });
  });

  test('that ends while it is looked at is not mistaken for the key that is left', async () => {
    const leak = sandbox.leak({ keys: 2, key: { expires_at: second() + 2 } });
    sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
    // The listing comes when the key has expired, its token's last good answer before.
    sandbox.devin.fault({ operation: 'listServiceUserApiKeys', delayMs: 2_500 });

    const answer = await invoke(await load(), { github_alert: leak.alert });

    expect(answer).toMatchObject({
      status: 'already_revoked',
      service_user_id: leak.service_user_id,
      api_key_id: leak.api_key_id,
      attribution: { method: 'elimination', confidence: 'medium' },
      evidence: 'token_rejected',
      exposure: { expires_at: iso(sandbox.devin.key(leak.api_key_id)?.expires_at ?? 0) },
    });
    expect(deleted()).toEqual([]);
    expect(sandbox.devin.isLive(leak.others[0]?.token ?? '')).toBe(true);
  });
});

/** A person reopens the alert. */
async function reopen({ number, owner, repo }: Alert): Promise<void> {
  const answer = await fetch(
    `${sandbox.github.url}/repos/${owner}/${repo}/secret-scanning/alerts/${number}`,
    {
      method: 'PATCH',
      headers: { authorization: `Bearer ${sandbox.githubToken}`, 'user-agent': 'a person' },
      body: JSON.stringify({ state: 'open' }),
    },
  );
  expect(answer.status).toBe(200);
}
