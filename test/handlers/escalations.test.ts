import { describe, expect, test } from 'vitest';
import { startServer } from '../../sandbox/http-server.ts';
import { alertOf } from '../../sandbox/observe.ts';
import { AGAIN, DONE, worker } from '../support/worker.ts';

// Endings that a person has to know of, each once; and what GitHub asks of its callers.

const run = worker();

test('a personal access token is named by its key, its name and its user', async () => {
  const secret = run.sandbox.devin.createPersonalToken();
  const { api_key_id, api_key_name, user_id, user_name } = run.sandbox.devin.personalToken(secret) ?? {};
  const alert = run.sandbox.github.createAlert({ secret });

  expect(await run.deliver(alert)).toEqual(DONE);

  const [outcome] = run.outcomes();
  expect(outcome).toMatchObject({
    status: 'escalated',
    principal_type: 'pat_user',
    api_key_id,
    api_key_name,
    user: { user_id, user_name },
  });
  for (const name of [api_key_id, api_key_name, user_id, user_name]) {
    expect(outcome?.next_step).toContain(name);
  }
});

describe('what no retry can mend', () => {
  test('a token of another enterprise is escalated, once', async () => {
    const leak = run.sandbox.leak();
    const hidden = { operation: 'listServiceUserApiKeys', status: 404, times: Number.POSITIVE_INFINITY };
    run.sandbox.devin.fault(hidden);

    expect(await run.deliver(leak.alert)).toEqual(DONE);
    expect(await run.deliver(leak.alert, 2)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      {
        status: 'escalated',
        service_user_id: leak.service_user_id,
        reason: expect.stringContaining('another enterprise'),
        next_step: expect.any(String),
      },
    ]);
    expect(alertOf(run.sandbox, leak.alert)?.state).toBe('open');
  });

  test('a missing permission is the outcome, with the event that starts it again', async () => {
    const leak = run.sandbox.leak();
    run.sandbox.devin.fault({ method: 'DELETE', status: 403 });

    expect(await run.deliver(leak.alert)).toEqual(DONE);

    const [outcome] = run.outcomes();
    expect(outcome).toMatchObject({ status: 'failed', retryable: false });
    expect(outcome?.next_step).toContain(JSON.stringify({ github_alert: leak.alert }));
    expect(run.output.counted()).toEqual(['failed']);
  });
});

describe('GitHub', () => {
  test('shows the alert of a renamed repository, whose new name is on record', async () => {
    const leak = run.sandbox.leak();
    run.sandbox.github.rename('acme', 'webshop', 'storefront');

    expect(await run.deliver(leak.alert)).toEqual(DONE);

    expect(run.outcomes()).toMatchObject([
      { status: 'revoked', alert: { closed: true, moved_to: 'acme/storefront' } },
    ]);
    expect(alertOf(run.sandbox, { ...leak.alert, repo: 'storefront' })?.state).toBe('resolved');
  });

  test.each([
    [
      'by the time of its reset',
      () => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(900) }),
    ],
    ['by Retry-After', () => ({ 'retry-after': '900' })],
  ])('brings the message back after its rate limit, %s', async (_, headers) => {
    const leak = run.sandbox.leak();
    const asked: number[] = [];
    const sqs = await captureVisibility(asked);
    await run.load({ AWS_ENDPOINT_URL_SQS: sqs.url });
    run.sandbox.github.fault({ operation: 'getAlert', status: 403, headers: headers() });

    expect(await run.deliver(leak.alert)).toEqual(AGAIN);
    await sqs.stop();

    expect(run.sandbox.github.requests).toHaveLength(1);
    expect(asked).toEqual([expect.closeTo(900, -1)]);
    expect(run.records()).toMatchObject([{ status: 'failed', retry_at: expect.any(Number) }]);
  });

  test('counts an alert as closed that it answers 400 for, when it is resolved', async () => {
    const leak = run.sandbox.leak();
    const { number, owner, repo } = leak.alert;
    run.sandbox.github.fault({ operation: 'updateAlert', status: 400 });
    run.sandbox.devin.onRequest = async ({ method }) => {
      if (method === 'DELETE') await resolve(`/repos/${owner}/${repo}/secret-scanning/alerts/${number}`);
    };
    // The person's own PATCH must not meet the fault.
    const resolve = async (path: string) => {
      run.sandbox.github.clearFaults();
      const headers = { authorization: `Bearer ${run.sandbox.githubToken}`, 'user-agent': 'a person' };
      const body = JSON.stringify({ state: 'resolved', resolution: 'revoked' });
      await fetch(run.sandbox.github.url + path, { method: 'PATCH', headers, body });
      run.sandbox.github.fault({ operation: 'updateAlert', status: 400, times: 5 });
    };

    expect(await run.invoke({ github_alert: leak.alert })).toMatchObject({ alert: { closed: true } });
  });

  test('does not count an alert as closed that it answers 400 for while it is open', async () => {
    const leak = run.sandbox.leak();
    run.sandbox.github.fault({ operation: 'updateAlert', status: 400, times: 5 });

    expect(await run.invoke({ github_alert: leak.alert })).toMatchObject({
      status: 'revoked',
      alert: { closed: false, reason: expect.stringContaining('HTTP 400') },
    });
  });
});

/** Takes calls for ChangeMessageVisibility, and keeps the seconds that they ask for. */
async function captureVisibility(asked: number[]) {
  return startServer({
    handle: ({ body }) => {
      asked.push(JSON.parse(body.toString()).VisibilityTimeout);
      return { status: 200, body: {} };
    },
  });
}

function inSeconds(seconds: number): string {
  return String(Math.floor(Date.now() / 1_000) + seconds);
}
