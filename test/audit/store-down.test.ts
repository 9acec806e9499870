import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { deletedKeys, namedRecords, outcomeRecords } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, type Handler, loadHandler } from '../support/load-handler.ts';

let sandbox: Sandbox;
let output: ReturnType<typeof captureOutput>;

beforeEach(async () => {
  output = captureOutput();
  sandbox = await startSandbox({ sqs: false });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await sandbox.stop();
});

const load = () => loadHandler('revoke', { ...sandbox.env(), LEAK_QUEUE_URL: '' });
const storeIsDown = () => sandbox.s3.fault({ status: 503, times: Number.POSITIVE_INFINITY });
const outcomes = () => outcomeRecords(sandbox).map(({ unmapped }) => unmapped);
const names = () => namedRecords(sandbox).map(({ name }) => name);

function message(leak: object, how: { detector: string; invoked_by: string }, count = 1) {
  const report = {
    version: 1,
    report_id: `${how.detector}/acme/webshop/1`,
    ...how,
    reported_at: Date.parse('2026-07-30T08:26:40.000Z'),
    seen_at: Date.now(),
    leak,
  };
  return sqsEvent(sqsRecord(report, { messageId: 'm-1', receiveCount: count }));
}
const webhook = { detector: 'github', invoked_by: 'webhook' };
const KEPT = { batchItemFailures: [{ itemIdentifier: 'm-1' }] };
const GONE = { batchItemFailures: [] };

describe('while the audit store is down', () => {
  test('a leak is revoked, and its message kept until the outcome is stored', {
    timeout: 60_000,
  }, async () => {
    const leak = sandbox.leak();
    const { number, owner, repo } = leak.alert;
    const alert = { kind: 'github_alert', owner, repo, number };
    const handler: Handler<'revoke'> = await load();
    storeIsDown();

    expect(await handler(message(alert, webhook))).toEqual(KEPT);
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(outcomes()).toEqual([]);

    sandbox.s3.clearFaults();
    expect(await handler(message(alert, webhook, 2))).toEqual(GONE);
    // what this container saw, not that the key was found dead
    expect(outcomes()).toEqual([
      expect.objectContaining({
        status: 'revoked',
        evidence: 'token_rejected',
        intent_stored: false,
        attempt: 2,
      }),
    ]);
    expect(names().sort()).toEqual(['70-alert.json', '90-outcome.json']);
  });

  test('a new container does not claim the revocation that it did not see', { timeout: 60_000 }, async () => {
    const leak = sandbox.leak();
    const { number, owner, repo } = leak.alert;
    const key = { kind: 'github_alert', owner, repo, number };
    sandbox.github.fault({ method: 'PATCH', status: 403 });
    storeIsDown();
    await (await load())(message(key, webhook));

    sandbox.s3.clearFaults();
    expect(await (await load())(message(key, webhook, 2))).toEqual(GONE);
    expect(outcomes()).toEqual([
      expect.objectContaining({ status: 'already_revoked', evidence: 'dead_on_arrival', attempt: 2 }),
    ]);
  });

  test.each([
    ['sweep', { detector: 'sweep', invoked_by: 'schedule' }],
    ['console report from the queue', { detector: 'console', invoked_by: 'console' }],
  ])('a %s does not act', { timeout: 60_000 }, async (_, how) => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const handler = await load();
    storeIsDown();

    expect(await handler(message({ kind: 'key', service_user_id, api_key_id }, how))).toEqual(KEPT);
    expect(sandbox.devin.isLive(token)).toBe(true);
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('a manual run does not act, and says so', { timeout: 60_000 }, async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const handler = await load();
    storeIsDown();
    const answer = (await handler({ service_user_id, api_key_id, reason: randomUUID() })) as Outcome;

    expect(answer).toMatchObject({ status: 'failed', retryable: true, recorded: false });
    expect('reason' in answer && answer.reason).toContain('nothing is revoked without a stored intent');
    expect(sandbox.devin.isLive(token)).toBe(true);
  });

  test('a single conflict with a write in flight is retried', async () => {
    const { api_key_id, service_user_id } = sandbox.leak();
    sandbox.s3.fault({ method: 'PUT', status: 409, times: 2 });

    expect(await (await load())({ service_user_id, api_key_id })).toMatchObject({
      status: 'revoked',
      recorded: true,
    });
    expect(output.text()).not.toContain(sandbox.admin.token);
  });
});
