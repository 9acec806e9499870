import { describe, expect, test } from 'vitest';
import { alertOf, deletedKeys } from '../../sandbox/observe.ts';
import { AGAIN, DONE, worker } from '../support/worker.ts';

// What the secret of an alert may hold beside, or instead of, one Devin token.

const run = worker();
const alertWith = (secret: string | undefined) => run.sandbox.github.createAlert({ repo: 'found', secret });

describe('a token among other text', () => {
  test.each<[string, (token: string) => string]>([
    ['an assignment', (token) => `DEVIN_API_KEY=${token}`],
    ['quotes', (token) => `"${token}"`],
    ['a header', (token) => `Authorization: Bearer ${token}`],
    ['a suffix that a greedy pattern took along', (token) => `${token}-prod`],
    ['several lines', (token) => `export A=1\nexport B='${token}'\n`],
  ])('is revoked, not ignored: %s', async (_, around) => {
    const leak = run.sandbox.leak();
    const alert = alertWith(around(leak.token));

    expect(await run.deliver(alert)).toEqual(DONE);

    expect(run.sandbox.devin.isLive(leak.token)).toBe(false);
    expect(alertOf(run.sandbox, alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
    expect(run.outcomes()).toMatchObject([{ status: 'revoked', api_key_id: leak.api_key_id }]);
  });
});

describe('several tokens in one secret', () => {
  test('are all dead before the alert is closed, and each is in the one outcome', async () => {
    const leaks = [run.sandbox.leak(), run.sandbox.leak()];
    const alert = alertWith(leaks.map(({ token }) => token).join(','));

    expect(await run.deliver(alert)).toEqual(DONE);

    expect(deletedKeys(run.sandbox)).toEqual(leaks.map(({ api_key_id }) => api_key_id));
    expect(run.outcomes()).toMatchObject([
      {
        status: 'revoked',
        leaks: leaks.map(({ api_key_id, service_user_id }) => ({
          status: 'revoked',
          api_key_id,
          service_user_id,
          proof: { method: 'token' },
        })),
      },
    ]);
    expect(run.records().filter(({ name }) => name.startsWith('10-intent'))).toMatchObject(
      leaks.map(({ service_user_id }) => ({ service_user_id })),
    );
    expect(alertOf(run.sandbox, alert)?.resolution_comment).toContain('2 tokens, all dead');
  });

  test('keep the alert open while one of them lives, and a later delivery ends it', async () => {
    const leaks = [run.sandbox.leak(), run.sandbox.leak()];
    const alert = alertWith(leaks.map(({ token }) => token).join(' '));
    const path = new RegExp(leaks[1]?.api_key_id ?? '');
    run.sandbox.devin.fault({ method: 'DELETE', path, status: 401 });

    expect(await run.deliver(alert)).toEqual(AGAIN);
    expect(alertOf(run.sandbox, alert)?.state).toBe('open');
    expect(await run.deliver(alert, 2)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      {
        status: 'revoked',
        leaks: [
          { status: 'revoked', evidence: 'recovered', api_key_id: leaks[0]?.api_key_id },
          { status: 'revoked', evidence: 'token_rejected', api_key_id: leaks[1]?.api_key_id },
        ],
      },
    ]);
    expect(alertOf(run.sandbox, alert)?.state).toBe('resolved');
  });

  test('of one service user are both revoked', async () => {
    const leak = run.sandbox.leak({ keys: 2 });
    const alert = alertWith(leak.keys.map(({ token }) => token).join(' '));

    await run.deliver(alert);
    await run.deliver(alert, 2);

    expect(leak.keys.map(({ token }) => run.sandbox.devin.isLive(token))).toEqual([false, false]);
  }, 60_000);

  test('end with the worst of them: a personal token beside a revoked key leaves the alert open', async () => {
    const leak = run.sandbox.leak();
    const personal = run.sandbox.devin.createPersonalToken();
    const alert = alertWith(`${leak.token} ${personal}`);

    expect(await run.deliver(alert)).toEqual(DONE);

    expect(run.sandbox.devin.isLive(leak.token)).toBe(false);
    expect(run.outcomes()).toMatchObject([
      { status: 'escalated', leaks: [{ status: 'revoked' }, { status: 'escalated' }] },
    ]);
    expect(alertOf(run.sandbox, alert)?.state).toBe('open');
  });

  test('have our own last', async () => {
    const leak = run.sandbox.leak();
    const alert = alertWith(`${run.sandbox.admin.token} ${leak.token}`);

    expect(await run.deliver(alert)).toEqual(DONE);

    expect(deletedKeys(run.sandbox)).toEqual([leak.api_key_id, run.sandbox.admin.api_key_id]);
    expect(run.outcomes()).toMatchObject([{ status: 'revoked', own_key: true }]);
  });
});

describe('an alert that no token can be read from', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['without a secret', undefined, /without its secret/],
    ['whose secret is something else', ['not', 'devin', 'at', 'all'].join('-'), /holds no Devin token/],
  ])('%s is escalated once', async (_, secret, reason) => {
    const alert = alertWith(secret);

    expect(await run.deliver(alert)).toEqual(DONE);
    expect(await run.deliver(alert, 2)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      { status: 'escalated', reason: expect.stringMatching(reason), next_step: expect.any(String) },
    ]);
    expect(alertOf(run.sandbox, alert)?.state).toBe('open');
    expect(run.sandbox.devin.requests).toEqual([]);
  });

  test('that is resolved is ignored', async () => {
    const alert = run.sandbox.github.createAlert({ secret: 'something', state: 'resolved' });

    expect(await run.invoke({ github_alert: alert })).toMatchObject({ status: 'ignored' });
  });

  test('that holds a legacy key is escalated with its owner and what to do', async () => {
    const org = `org-${'0123456789abcdef'.repeat(2)}`;
    const user = `user-${'fedcba9876543210'.repeat(2)}`;
    const body = Buffer.from(`${user}_${org}:${'ab'.repeat(16)}`).toString('base64');
    const alert = alertWith(`apk_user_${body}`);

    expect(await run.deliver(alert)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      {
        status: 'escalated',
        user: { user_id: user },
        org_id: org,
        reason: expect.stringContaining(`user ${user} in organisation ${org}`),
        next_step: expect.stringContaining('DELETE /v2/enterprise/api-keys/{id}'),
      },
    ]);
  });
});
