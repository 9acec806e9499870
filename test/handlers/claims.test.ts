import { describe, expect, test } from 'vitest';
import { alertOf, deletedKeys } from '../../sandbox/observe.ts';
import { lambdaContext } from '../support/load-handler.ts';
import { AGAIN, DONE, worker } from '../support/worker.ts';

// `revoked` is said only where a DELETE of the report did it, and no key that a report cost is forgotten.

const run = worker();
const DELETE = 'revokeServiceUserApiKey';
/** Next to nothing of it is left for a search, so that several keys stay ambiguous. */
const hasty = () => lambdaContext({ getRemainingTimeInMillis: () => 12_000 });
const second = () => Math.floor(Date.now() / 1_000);

describe('a key that somebody else revoked', () => {
  test('after our DELETE was refused is not claimed', async () => {
    const leak = run.sandbox.leak();
    run.sandbox.devin.fault({ operation: DELETE, status: 401 });
    expect(await run.deliver(leak.alert)).toEqual(AGAIN);
    run.sandbox.devin.revoke(leak.api_key_id);

    expect(await run.deliver(leak.alert, 2)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([{ status: 'already_revoked', api_key_id: leak.api_key_id }]);
  });

  test('four minutes before a DELETE that got no answer is not claimed', async () => {
    const leak = run.sandbox.leak({ key: { revoked_at: second() - 240 } });
    const { api_key_id, service_user_id } = leak;
    run.sandbox.devin.fault({ operation: DELETE, status: 503 });

    expect(await run.invoke({ service_user_id, api_key_id })).toMatchObject({
      status: 'already_revoked',
      evidence: 'listed_inactive',
    });
  });

  test('is not claimed for a DELETE that something in front of the API answered with 200', async () => {
    const leak = run.sandbox.leak({ key: { revoked_at: second() - 240 } });
    const { api_key_id, service_user_id } = leak;
    run.sandbox.devin.fault({ operation: DELETE, status: 200, body: '<html>One moment, please</html>' });

    expect(await run.invoke({ service_user_id, api_key_id })).toMatchObject({
      status: 'failed',
      retryable: true,
      deletions: [{ api_key_id, answer: 'unanswered' }],
    });
  });

  test('beside the leaked one, which expired, is not named as the leaked one, and nothing is claimed', async () => {
    const leak = run.sandbox.leak({ keys: 2, key: { expires_at: second() + 2 } });
    run.sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 401, times: 2 });
    expect(await run.deliver(leak.alert)).toEqual(AGAIN);
    run.sandbox.devin.revoke(leak.others[0]?.api_key_id ?? '');
    await expect.poll(() => run.sandbox.devin.isLive(leak.token), { timeout: 4_000 }).toBe(false);

    expect(await run.deliver(leak.alert, 2)).toEqual(DONE);

    const [outcome] = run.outcomes();
    expect(outcome).toMatchObject({ status: 'already_revoked', service_user_id: leak.service_user_id });
    expect(outcome).not.toHaveProperty('api_key_id');
    expect(deletedKeys(run.sandbox)).toEqual([]);
  });
});

describe('a DELETE whose answer was lost', () => {
  test('is recorded as such, and claimed when the listing dates the revocation to it', async () => {
    const leak = run.sandbox.leak();
    run.sandbox.devin.fault({ operation: DELETE, reset: 'after' });
    run.sandbox.devin.fault({ operation: DELETE, status: 401 });

    expect(await run.deliver(leak.alert)).toEqual(AGAIN);
    const deletion = { api_key_id: leak.api_key_id, answer: 'refused', lost_answer: true };
    expect(run.records().find(({ name }) => name === '50-attempt.json')).toMatchObject({
      status: 'failed',
      deletions: [deletion],
    });
    expect(await run.deliver(leak.alert, 2)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      { status: 'revoked', evidence: 'recovered', api_key_id: leak.api_key_id, deletions: [deletion] },
    ]);
  });

  test('is recorded as such when the admin token is rotated before the next attempt', async () => {
    const { devin, secretIds, secrets } = run.sandbox;
    const leak = run.sandbox.leak();
    devin.fault({ operation: DELETE, reset: 'after' });
    devin.fault({ operation: DELETE, status: 401 });
    devin.onArrival = ({ operation }) => {
      if (operation === DELETE)
        secrets.put(secretIds.admin, devin.createKey(run.sandbox.admin.service_user_id).token);
      return undefined;
    };

    expect(await run.deliver(leak.alert)).toEqual(DONE);

    const deletions = [{ api_key_id: leak.api_key_id, answer: 'already_revoked', lost_answer: true }];
    expect(run.outcomes()).toMatchObject([{ status: 'revoked', evidence: 'recovered', deletions }]);
  });

  test('is claimed whatever the clock of the API says', async () => {
    run.sandbox.devin.clockSkewSeconds = -180;
    const leak = run.sandbox.leak();
    run.sandbox.devin.fault({ operation: DELETE, reset: 'after' });

    expect(await run.invoke({ token: leak.token })).toMatchObject({
      status: 'revoked',
      evidence: 'recovered',
    });
  });
});

describe('keys that an earlier attempt revoked', () => {
  test('are in the outcome, with the call that makes their successor', async () => {
    await run.load({ AMBIGUOUS_KEY: 'revoke_all' });
    const leak = run.sandbox.leak();
    const now = second();
    const busy = run.sandbox.devin.createKey(leak.service_user_id, { name: 'busy', last_used_at: now });
    run.sandbox.devin.createKey(leak.service_user_id, { name: 'idle' });
    run.sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
    run.sandbox.devin.fault({ method: 'DELETE', path: new RegExp(leak.api_key_id), status: 401 });

    expect(await run.deliver(leak.alert, 1, {}, hasty())).toEqual(AGAIN);
    expect(deletedKeys(run.sandbox)).toEqual([busy.api_key_id, leak.api_key_id]);
    expect(await run.deliver(leak.alert, 2, {}, hasty())).toEqual(DONE);

    const collateral = [{ api_key_id: busy.api_key_id, api_key_name: 'busy' }];
    expect(run.records().find(({ name }) => name === '50-attempt.json')).toMatchObject({ collateral });
    expect(run.outcomes()).toMatchObject([{ status: 'revoked', api_key_id: leak.api_key_id, collateral }]);
  });
});

test('a revocation that the listing alone shows is dated by the listing', async () => {
  const revoked_at = second() - 240;
  const { api_key_id, service_user_id } = run.sandbox.leak({ key: { revoked_at } });

  expect(await run.invoke({ service_user_id, api_key_id })).toMatchObject({
    status: 'already_revoked',
    evidence: 'listed_inactive',
    exposure: { revoked_at: new Date(revoked_at * 1_000).toISOString() },
  });
});

describe('the use of a key by others', () => {
  const usedAt = () => second() - 40 * 86_400;

  test('is not our own probe when the token is reported once more', async () => {
    const leak = run.sandbox.leak({ key: { last_used_at: usedAt() } });
    const elsewhere = run.sandbox.github.createAlert({ repo: 'api', secret: leak.token });
    await run.invoke({ github_alert: leak.alert });

    const { exposure, status } = await run.invoke({ github_alert: elsewhere });

    expect(status).toBe('already_revoked');
    expect(exposure).not.toHaveProperty('used_after_leak');
    expect(exposure).toHaveProperty('used_by_us_at');
  });

  test('is still known from before our first use when the token is reported once more', async () => {
    const last_used_at = usedAt();
    const leak = run.sandbox.leak({ key: { last_used_at } });
    const elsewhere = run.sandbox.github.createAlert({ repo: 'api', secret: leak.token });
    run.sandbox.devin.lastUsedLagMs = 60_000;
    await run.invoke({ github_alert: leak.alert });
    run.sandbox.devin.lastUsedLagMs = 0;

    expect(await run.invoke({ github_alert: elsewhere })).toMatchObject({
      exposure: { last_used_at: new Date(last_used_at * 1_000).toISOString(), used_after_leak: false },
    });
  });

  test('is not the probe of an earlier delivery of the same report', async () => {
    const leak = run.sandbox.leak({ key: { last_used_at: usedAt() } });
    run.sandbox.devin.fault({ operation: DELETE, status: 401 });
    expect(await run.deliver(leak.alert)).toEqual(AGAIN);
    run.sandbox.devin.lastUsedLagMs = 0;

    expect(await run.deliver(leak.alert, 2)).toEqual(DONE);

    expect(run.outcomes()[0]?.exposure).not.toHaveProperty('last_used_at');
    expect(alertOf(run.sandbox, leak.alert)?.state).toBe('resolved');
  });
});
