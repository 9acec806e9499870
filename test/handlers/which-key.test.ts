import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, deletedKeys, namedRecords, outcomeRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

// Which key it was, when it is not obvious. The search itself takes its time: test/identify, test/simulation and
// test/long hold it; here it is cut short by a function that has little time left.

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
  loadHandler('revoke', sandbox.env({ PROOF_WINDOW_SECONDS: '1', ...env }));

/** Enough time to revoke, and next to none to search. */
function shortOfTime() {
  const end = Date.now() + 12_000;
  return lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
}

const invoke = async (revoke: Handler<'revoke'>, event: unknown, context = shortOfTime()) =>
  (await revoke(event, context)) as Outcome;

describe('a key that stays ambiguous', () => {
  beforeEach(() => {
    sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
  });

  test('is escalated with its candidates and the event to paste, and nothing is revoked', async () => {
    const leak = sandbox.leak({ keys: 3 });

    const answer = await invoke(await load(), { github_alert: leak.alert });

    expect(answer).toMatchObject({
      status: 'escalated',
      service_user_id: leak.service_user_id,
      candidates: leak.keys.map(({ api_key_id }) => expect.objectContaining({ api_key_id })),
      recorded: true,
    });
    const [event] = /\{.*\}/.exec(answer.next_step ?? '') ?? [];
    expect(JSON.parse(event ?? '')).toEqual({
      service_user_id: leak.service_user_id,
      api_key_id: leak.api_key_id,
    });
    expect(deletedKeys(sandbox)).toEqual([]);
    expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'open' });
    expect(output.counted()).toEqual(['escalated']);
  });

  test('is found by revoking its candidates one by one, each after an intent of its own, until the token is dead', async () => {
    const leak = sandbox.leak();
    const busy = sandbox.devin.createKey(leak.service_user_id, { name: 'busy', last_used_at: now() });
    const idle = sandbox.devin.createKey(leak.service_user_id, { name: 'idle' });
    const intents: unknown[] = [];
    sandbox.devin.onRequest = ({ method }) => {
      if (method === 'DELETE')
        intents.push(
          namedRecords(sandbox)
            .map(({ name }) => name)
            .filter((name) => /intent/.test(name)),
        );
    };

    const answer = await invoke(await load({ AMBIGUOUS_KEY: 'revoke_all' }), { github_alert: leak.alert });

    expect(deletedKeys(sandbox)).toEqual([busy.api_key_id, leak.api_key_id]);
    expect(intents).toEqual([
      ['10-intent.json', `20-intent-${busy.api_key_id}.json`],
      ['10-intent.json', ...[busy, leak].map(({ api_key_id }) => `20-intent-${api_key_id}.json`)],
    ]);
    expect(answer).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
      attribution: { method: 'elimination', confidence: 'medium' },
      collateral: [
        {
          api_key_id: busy.api_key_id,
          api_key_name: 'busy',
          replace_with: `POST /v3beta1/enterprise/service-users/${leak.service_user_id}/api-keys {"name":"busy"}`,
        },
      ],
      alert: { closed: true },
    });
    expect(sandbox.devin.isLive(idle.token)).toBe(true);
  });

  test('of our own service user is never looked for by revoking', async () => {
    const sibling = sandbox.devin.createKey(sandbox.admin.service_user_id);

    const answer = await invoke(await load({ AMBIGUOUS_KEY: 'revoke_all' }), { token: sibling.token });

    expect(answer).toMatchObject({
      status: 'escalated',
      reason: expect.stringContaining('our own service user'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('of our own admin token is never looked for by revoking, since our standby key is among the candidates', async () => {
    const standby = sandbox.devin.createKey(sandbox.admin.service_user_id);
    sandbox.secrets.put('standby', standby.token);
    const env = { AMBIGUOUS_KEY: 'revoke_all', STANDBY_TOKEN_SECRET_ID: 'standby' };

    const answer = await invoke(await load(env), { token: sandbox.admin.token });

    expect(answer).toMatchObject({
      status: 'escalated',
      own_key: true,
      reason: expect.stringContaining('our own service user'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });
});

test.each(['devin_brain', 'windsurf_session'] as const)('a token of a %s is escalated', async (type) => {
  const token = sandbox.devin.createPersonalToken(type);

  expect(await invoke(await load(), { token })).toMatchObject({
    status: 'escalated',
    principal_type: type,
    next_step: expect.stringContaining('revoke it there'),
  });
});

describe('our own admin token', () => {
  const ours = () => sandbox.github.createAlert({ secret: sandbox.admin.token });

  test('is revoked by itself, and on record without being needed again', async () => {
    const answer = await invoke(await load(), { github_alert: ours() });

    expect(answer).toMatchObject({
      status: 'revoked',
      evidence: 'token_rejected',
      own_key: true,
      next_step: expect.stringContaining('put a new one into its secret'),
      api_key_id: sandbox.admin.api_key_id,
      alert: { closed: true },
      recorded: true,
    });
    expect(sandbox.devin.isLive(sandbox.admin.token)).toBe(false);
    expect(output.counted()).toEqual(['OwnKeyLeaked', 'revoked']);
    expect(outcomeRecords(sandbox)).toMatchObject([{ severity: 'Fatal' }]);
  });

  test('is revoked when the connection breaks after the DELETE, though it cannot ask again', async () => {
    sandbox.devin.fault({ method: 'DELETE', reset: 'after' });

    expect(await invoke(await load(), { token: sandbox.admin.token })).toMatchObject({
      status: 'revoked',
      evidence: 'recovered',
      own_key: true,
    });
  });

  test('is revoked by the standby token, which then does the work', async () => {
    const user = sandbox.devin.createServiceUser({ canManage: true });
    sandbox.secrets.put('standby', sandbox.devin.createKey(user.service_user_id).token);
    const revoke = await load({ STANDBY_TOKEN_SECRET_ID: 'standby' });
    const next = sandbox.leak();

    expect(await invoke(revoke, { github_alert: ours() })).toMatchObject({
      status: 'revoked',
      own_key: true,
    });
    expect(await invoke(revoke, { token: next.token })).toMatchObject({ status: 'revoked' });
  });

  test('keeps its mark in a second alert, though another token is in its place by then', async () => {
    const user = sandbox.devin.createServiceUser({ canManage: true });
    const fresh = sandbox.devin.createKey(user.service_user_id);
    const again = sandbox.github.createAlert({ repo: 'api', secret: sandbox.admin.token });
    const revoke = await load();
    await invoke(revoke, { github_alert: ours() });
    sandbox.secrets.put(sandbox.secretIds.admin, fresh.token);

    expect(await invoke(revoke, { github_alert: again })).toMatchObject({
      status: 'already_revoked',
      own_key: true,
      api_key_id: sandbox.admin.api_key_id,
    });
  });

  test('by its ids alone ends in a true outcome once a working token is there', async () => {
    const { api_key_id, service_user_id } = sandbox.admin;
    const message = (receiveCount: number) =>
      sqsEvent(
        sqsRecord(
          {
            ...alertReport({ owner: 'acme', repo: 'webshop', number: 1 }),
            leak: { kind: 'key', service_user_id, api_key_id },
          },
          { messageId: 'message', receiveCount },
        ),
      );
    const revoke = await load();
    expect(await revoke(message(1), lambdaContext())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message' }],
    });
    const user = sandbox.devin.createServiceUser({ canManage: true });
    sandbox.secrets.put(sandbox.secretIds.admin, sandbox.devin.createKey(user.service_user_id).token);

    expect(await revoke(message(2), lambdaContext())).toEqual({ batchItemFailures: [] });

    expect(outcomeRecords(sandbox)).toMatchObject([
      { unmapped: { status: 'revoked', evidence: 'recovered', own_key: true, service_user_id, api_key_id } },
    ]);
  });

  test('of the standby is ours too, with the same alarm', async () => {
    const user = sandbox.devin.createServiceUser({ canManage: true });
    const standby = sandbox.devin.createKey(user.service_user_id);
    sandbox.secrets.put('standby', standby.token);

    const answer = await invoke(await load({ STANDBY_TOKEN_SECRET_ID: 'standby' }), { token: standby.token });

    expect(answer).toMatchObject({
      status: 'revoked',
      own_key: true,
      next_step: expect.stringContaining('standby token'),
    });
    expect(output.counted()).toEqual(['OwnKeyLeaked', 'revoked']);
  });

  test('is revoked after the other reports of its batch', async () => {
    const leaks = [sandbox.leak(), sandbox.leak()];
    const alerts = [ours(), ...leaks.map(({ alert }) => alert)];
    const records = alerts.map((alert, index) =>
      sqsRecord(alertReport(alert), { messageId: `message-${index}` }),
    );
    const revoke = await load();

    expect(await revoke(sqsEvent(...records), lambdaContext())).toEqual({ batchItemFailures: [] });
    expect(deletedKeys(sandbox).at(-1)).toBe(sandbox.admin.api_key_id);
    expect(deletedKeys(sandbox).sort()).toEqual(
      [sandbox.admin, ...leaks].map(({ api_key_id }) => api_key_id).sort(),
    );
  });
});

describe('one token in several places', () => {
  test('is revoked once; each alert is closed, and each record names the same key, without an alarm', async () => {
    const leak = sandbox.leak();
    const elsewhere = sandbox.github.createAlert({ repo: 'api', secret: leak.token });
    const revoke = await load();

    const first = await invoke(revoke, { github_alert: leak.alert });
    const second = await invoke(revoke, { github_alert: elsewhere });

    expect(first).toMatchObject({ status: 'revoked', api_key_id: leak.api_key_id });
    expect(second).toMatchObject({
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      service_user_id: leak.service_user_id,
      api_key_id: leak.api_key_id,
      attribution: { method: 'fingerprint', confidence: 'high' },
      exposure: { revoked_at: expect.any(String) },
      alert: { closed: true },
    });
    expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
    expect(alertOf(sandbox, elsewhere)).toMatchObject({
      state: 'resolved',
      resolution_comment: expect.stringContaining(
        `${leak.api_key_id} of ${leak.service_user_id} already revoked`,
      ),
    });
    expect(output.counted()).toEqual(['revoked', 'already_revoked']);
  });
});

describe('the exposure', () => {
  test('says when it leaked, was seen, revoked and proven, and that it was used in between', async () => {
    const leakedAt = now() - 3_600;
    const usedAt = now() - 60;
    const user = sandbox.devin.createServiceUser();
    const key = sandbox.devin.createKey(user.service_user_id, { last_used_at: usedAt });
    // Our own use does not show, so that the use before it does.
    sandbox.devin.lastUsedLagMs = 60_000;
    const alert = sandbox.github.createAlert({ secret: key.token, created_at: iso(leakedAt) });

    const { exposure } = await invoke(await load(), { github_alert: alert });

    expect(exposure).toEqual({
      leaked_at: iso(leakedAt),
      seen_at: expect.any(String),
      revoked_at: expect.any(String),
      proven_at: expect.any(String),
      seconds_to_revoke: expect.any(Number),
      last_used_at: iso(usedAt),
      used_after_leak: true,
      used_by_us_at: expect.any(String),
    });
  });

  test('says when a key that somebody else revoked died', async () => {
    const leak = sandbox.leak();
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'listServiceUserApiKeys') sandbox.devin.revoke(leak.api_key_id);
    };

    expect(await invoke(await load(), { token: leak.token })).toMatchObject({
      status: 'already_revoked',
      exposure: { revoked_at: iso(sandbox.devin.key(leak.api_key_id)?.revoked_at ?? 0) },
    });
  });
});

test('a key that died a moment ago is waited for, and the only key that is left is not taken for it', async () => {
  const leak = sandbox.leak({ keys: 2 });
  sandbox.devin.revocationLagMs = 600;
  sandbox.devin.revoke(leak.api_key_id);

  const answer = await invoke(await load(), { github_alert: leak.alert });

  expect(answer).toMatchObject({
    status: 'already_revoked',
    api_key_id: leak.api_key_id,
    attribution: { method: 'elimination', confidence: 'medium' },
    alert: { closed: true },
  });
  expect(deletedKeys(sandbox)).toEqual([]);
  expect(leak.others.every(({ token }) => sandbox.devin.isLive(token))).toBe(true);
});

/** Epoch seconds. */
function now(): number {
  return Math.floor(Date.now() / 1_000);
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
