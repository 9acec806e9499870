import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { AlertName } from '../../sandbox/github.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, deletedKeys, namedRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

// What happens when the same key is reported again: a redelivery, a reopened alert, an expired key; and what else is
// held of candidates, our own key and the exposure, beside which-key.test.ts.

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

const load = (env: Record<string, string> = {}) =>
  loadHandler('revoke', sandbox.env({ LEAK_QUEUE_URL: undefined, PROOF_WINDOW_SECONDS: '1', ...env }));
const invoke = async (revoke: Handler<'revoke'>, event: unknown, context = lambdaContext()) =>
  (await revoke(event, context)) as Outcome;
/** Next to nothing of it is left for a search, so that several keys stay ambiguous. */
const hasty = () => lambdaContext({ getRemainingTimeInMillis: () => 9_000 });
const records = () => namedRecords(sandbox).map(({ name, record }) => ({ name, ...record.unmapped }));
const second = () => Math.floor(Date.now() / 1_000);
const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();

/** The message of a GitHub alert's report, the same each time that it is delivered. */
const delivery = (alert: AlertName, receiveCount = 1) =>
  sqsEvent(sqsRecord(alertReport(alert), { messageId: 'message', receiveCount }));
const DONE = { batchItemFailures: [] };
const AGAIN = { batchItemFailures: [{ itemIdentifier: 'message' }] };

test('a revocation that shows only after the proof window is tried again, and then it is proven', async () => {
  const leak = sandbox.leak({ keys: 1 });
  sandbox.devin.revocationLagMs = 2_000;
  const revoke = await load();

  expect(await revoke(delivery(leak.alert))).toEqual(AGAIN);
  expect(sandbox.devin.isLive(leak.token)).toBe(true);
  expect(alertOf(sandbox, leak.alert)?.state).toBe('open');

  sandbox.devin.revocationLagMs = 0;
  expect(await revoke(delivery(leak.alert, 2))).toEqual(DONE);

  const named = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
  expect(records()).toMatchObject([
    { name: '10-intent.json' },
    { name: '30-delete.json', ...named },
    { name: '50-attempt.json', status: 'still_alive', ...named },
    { name: '70-alert.json' },
    { name: '90-outcome.json', status: 'revoked', evidence: 'recovered', ...named },
  ]);
  expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
  expect(output.counted()).toEqual(['still_alive', 'revoked']);
  expect(alertOf(sandbox, leak.alert)?.state).toBe('resolved');
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
    { name: '30-delete.json' },
    { name: '70-alert.json' },
    { name: '90-outcome.json', status: 'revoked', own_key: true, api_key_id: sandbox.admin.api_key_id },
  ]);
  expect(deletedKeys(sandbox)).toEqual([sandbox.admin.api_key_id]);
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
    attribution: { method: 'fingerprint', confidence: 'high' },
    proof: { method: 'token' },
    alert: { closed: true },
    recorded: true,
  });
  expect(sandbox.github.alert(owner, repo, number)).toMatchObject({
    state: 'resolved',
    resolution_comment: expect.stringContaining(`${leak.api_key_id} of ${leak.service_user_id} already`),
  });
  expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
  expect(output.counted()).toEqual(['revoked', 'already_revoked']);
});

describe('a token', () => {
  test('whose key somebody else revoked while we were at it is known when it is reported again', async () => {
    const leak = sandbox.leak();
    const elsewhere = sandbox.github.createAlert({ secret: leak.token, repo: 'api' });
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'listServiceUserApiKeys') sandbox.devin.revoke(leak.api_key_id);
    };
    const revoke = await load();
    const first = await invoke(revoke, { github_alert: leak.alert });

    const second = await invoke(revoke, { github_alert: elsewhere });

    const key = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
    expect(first).toMatchObject({ status: 'already_revoked', ...key, evidence: 'token_rejected' });
    expect(second).toMatchObject({
      status: 'already_revoked',
      ...key,
      attribution: { method: 'fingerprint', confidence: 'high' },
      exposure: { revoked_at: iso(sandbox.devin.key(leak.api_key_id)?.revoked_at ?? 0) },
      alert: { closed: true },
    });
  });

  test('that was dead already is not noted as that of the key that its report names', async () => {
    const dead = sandbox.leak();
    sandbox.devin.revoke(dead.api_key_id);
    const { api_key_id, service_user_id } = sandbox.leak();
    const revoke = await load();
    const named = await invoke(revoke, { service_user_id, api_key_id, token: dead.token });

    const answer = await invoke(revoke, { token: dead.token });

    expect(named).toMatchObject({ status: 'revoked', api_key_id, evidence: 'listed_inactive' });
    expect(answer).toMatchObject({ status: 'already_revoked', evidence: 'dead_on_arrival', recorded: true });
    expect(answer).not.toHaveProperty('api_key_id');
  });
});

describe('candidates that are revoked one by one', () => {
  test('leave no collateral when the first one is the leaked key', async () => {
    const leak = sandbox.leak({ keys: 3 });

    const answer = await invoke(await load({ AMBIGUOUS_KEY: 'revoke_all' }), { token: leak.token }, hasty());

    expect(answer).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
      attribution: { method: 'elimination', confidence: 'high' },
    });
    expect(answer).not.toHaveProperty('collateral');
    expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
  });

  test('are reported with a call each that makes their successor', async () => {
    sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
    const { others } = sandbox.leak({ keys: 2 });
    const revoke = await load({ AMBIGUOUS_KEY: 'revoke_all' });
    const { collateral } = await invoke(revoke, { token: others[0]?.token }, hasty());

    const [, method, path, body] = /^(\w+) (\S+) (.*)$/.exec(collateral?.[0]?.replace_with ?? '') ?? [];
    const made = await fetch(sandbox.devin.url + path, {
      method: method ?? '',
      headers: { authorization: `Bearer ${sandbox.admin.token}` },
      body: body ?? '',
    });

    expect(collateral).toHaveLength(1);
    expect([made.status, await made.json()]).toMatchObject([200, { api_key_name: 'leaked' }]);
  });

  test('are all reported when the token outlives them, and the alert stays open', async () => {
    sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    const { alert, keys } = sandbox.leak({ keys: 2 });
    const revoke = await load({ AMBIGUOUS_KEY: 'revoke_all', SEARCH_SECONDS: '0' });

    const answer = await invoke(revoke, { github_alert: alert });

    expect(answer).toMatchObject({ status: 'still_alive', retryable: true, recorded: true });
    expect(answer.collateral?.map(({ api_key_id }) => api_key_id)).toEqual(deletedKeys(sandbox));
    expect(deletedKeys(sandbox)).toHaveLength(keys.length);
    expect(alertOf(sandbox, alert)?.state).toBe('open');
  });
});

describe('our own key', () => {
  const afterDelete = () => {
    const { requests } = sandbox.devin;
    return requests.slice(requests.findIndex(({ method }) => method === 'DELETE') + 1);
  };

  test('is proven dead by its own 401 alone, and Devin is asked nothing more', async () => {
    await invoke(await load(), { token: sandbox.admin.token });

    expect(afterDelete().map(({ operation, status }) => [operation, status])).toEqual(
      Array.from({ length: 3 }, () => ['getSelf', 401]),
    );
  });

  test('is proven dead beside the standby token, which shows that Devin still distinguishes tokens', async () => {
    const user = sandbox.devin.createServiceUser({ canManage: true });
    sandbox.secrets.put('standby', sandbox.devin.createKey(user.service_user_id).token);

    await invoke(await load({ STANDBY_TOKEN_SECRET_ID: 'standby' }), { token: sandbox.admin.token });

    const probes = afterDelete().map(({ operation, status }) => `${operation} ${status}`);
    expect(probes.sort()).toEqual([...Array(3).fill('getSelf 200'), ...Array(3).fill('getSelf 401')]);
  });

  test('lets the others of its batch finish first, their records included', async () => {
    const own = sandbox.github.createAlert({ secret: sandbox.admin.token });
    const other = sandbox.leak();
    const path = new RegExp(other.service_user_id);
    sandbox.devin.fault({ operation: 'listServiceUserApiKeys', path, delayMs: 400 });
    const Records = [own, other.alert].flatMap((alert) => delivery(alert).Records);

    expect(await (await load())({ Records })).toEqual(DONE);

    expect(deletedKeys(sandbox)).toEqual([other.api_key_id, sandbox.admin.api_key_id]);
    const outcome = sandbox.s3
      .objects('records/')
      .find(({ body, key }) => key.endsWith('90-outcome.json') && body.includes(other.api_key_id));
    const ownDelete = sandbox.devin.requests.findLast(({ method }) => method === 'DELETE');
    expect(outcome?.at).toBeLessThanOrEqual(ownDelete?.at ?? 0);
  });

  test('is distinguished from a sibling of the same service user, which is a key like any other', async () => {
    const sibling = sandbox.devin.createKey(sandbox.admin.service_user_id);
    const { api_key_id, service_user_id, token } = sibling;
    const revoke = await load();

    const ambiguous = await invoke(revoke, { token }, hasty());
    const named = await invoke(revoke, { service_user_id, api_key_id, token });

    const ids = [sandbox.admin, sibling].map((key) => key.api_key_id).sort();
    expect(ambiguous).toMatchObject({ status: 'escalated' });
    expect(ambiguous.candidates?.map((key) => key.api_key_id).sort()).toEqual(ids);
    expect(named).toMatchObject({ status: 'revoked', evidence: 'token_rejected', api_key_id });
    expect(output.counted()).toEqual(['escalated', 'revoked']);
    expect(sandbox.devin.isLive(sandbox.admin.token)).toBe(true);
  });
});

describe('the exposure', () => {
  test('says that the key was used by nobody after it leaked', async () => {
    const usedAt = second() - 7_200;
    const leak = sandbox.leak({ key: { last_used_at: usedAt } });
    // Our own use does not show yet, so that the one before it does.
    sandbox.devin.lastUsedLagMs = 60_000;

    const { exposure } = await invoke(await load(), { github_alert: leak.alert });

    expect(exposure).toMatchObject({ last_used_at: iso(usedAt), used_after_leak: false });
  });

  test('does not report our own use as that of somebody else', async () => {
    const leak = sandbox.leak({ key: { last_used_at: second() - 7_200 } });

    const { exposure } = await invoke(await load(), { github_alert: leak.alert });

    expect(exposure).toMatchObject({ leaked_at: expect.any(String), proven_at: expect.any(String) });
    expect(exposure).not.toHaveProperty('last_used_at');
    expect(exposure).not.toHaveProperty('used_after_leak');
  });

  test('has its times in order, and the seconds from the first sight to the proof', async () => {
    sandbox.devin.revocationLagMs = 300;
    const leak = sandbox.leak();

    const { exposure } = await invoke(await load(), { github_alert: leak.alert });

    const { proven_at = '', revoked_at = '', seconds_to_revoke, seen_at = '' } = exposure ?? {};
    const order = [seen_at, revoked_at, proven_at];
    expect(order).toEqual([...order].sort());
    expect(seconds_to_revoke).toBe(Math.round((Date.parse(proven_at) - Date.parse(seen_at)) / 100) / 10);
    expect(seconds_to_revoke).toBeGreaterThanOrEqual(0.3);
  });
});

describe('an expired key', () => {
  test('is reported with the time of its end when an earlier report of its token named it', async () => {
    const expires_at = second() + 3_600;
    const leak = sandbox.leak({ key: { expires_at } });
    const revoke = await load();
    await invoke(revoke, { token: leak.token });

    expect(await invoke(revoke, { github_alert: leak.alert })).toMatchObject({
      status: 'already_revoked',
      api_key_id: leak.api_key_id,
      exposure: { expires_at: iso(expires_at), revoked_at: expect.any(String) },
    });
  });

  test('is dead on arrival when its token is all that is known', async () => {
    const leak = sandbox.leak({ keys: 2, key: { expires_at: second() - 60 } });

    expect(await invoke(await load(), { github_alert: leak.alert })).toMatchObject({
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      alert: { closed: true },
      recorded: true,
    });
    expect(deletedKeys(sandbox)).toEqual([]);
    expect(output.counted()).toEqual(['already_revoked']);
  });

  test('is reported with the time of its end when the report names it', async () => {
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
    expect(deletedKeys(sandbox)).toEqual([]);
    expect(sandbox.devin.isLive(leak.others[0]?.token ?? '')).toBe(true);
  });
});

/** A person reopens the alert. */
async function reopen({ number, owner, repo }: AlertName): Promise<void> {
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

describe('an intent whose delivery did not get to the end', () => {
  const outcomeOf = ({ owner, repo }: AlertName) =>
    sandbox.s3
      .objects('records/')
      .filter(({ key }) => key.includes(`/${owner}/${repo}/`) && key.endsWith('90-outcome.json'))
      .map(({ body }) => JSON.parse(body).unmapped);

  test('is not claimed as a revocation when the key expired meanwhile', async () => {
    const expires_at = Math.floor(Date.now() / 1_000) + 2;
    const leak = sandbox.leak({ key: { expires_at } });
    const revoke = await load();
    sandbox.devin.fault({ method: 'DELETE', status: 401 });
    await revoke(delivery(leak.alert));
    while (sandbox.devin.isLive(leak.token)) await sleep(50);

    expect(await revoke(delivery(leak.alert))).toEqual({ batchItemFailures: [] });
    expect(outcomeOf(leak.alert)).toMatchObject([{ status: 'already_revoked', evidence: 'dead_on_arrival' }]);
  });

  test('is not claimed as a revocation when another report of the token revoked the key', async () => {
    const leak = sandbox.leak();
    const elsewhere = sandbox.github.createAlert({ repo: 'api', secret: leak.token });
    const revoke = await load();
    sandbox.devin.fault({ method: 'DELETE', status: 401 });
    await revoke(delivery(leak.alert));
    await revoke(delivery(elsewhere));

    expect(await revoke(delivery(leak.alert))).toEqual({ batchItemFailures: [] });
    expect(outcomeOf(elsewhere)).toMatchObject([{ status: 'revoked', api_key_id: leak.api_key_id }]);
    expect(outcomeOf(leak.alert)).toMatchObject([{ status: 'already_revoked', api_key_id: leak.api_key_id }]);
  });
});
