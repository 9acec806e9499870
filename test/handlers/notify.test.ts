import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { lambdaContext } from '../support/load-handler.ts';
import { type Published, readPublished } from '../support/published.ts';
import { AGAIN, DONE, worker } from '../support/worker.ts';

const it = worker();
const received: Published[] = [];
let sns: SandboxServer;

beforeEach(async () => {
  received.length = 0;
  sns = await startServer({
    handle: ({ body }) => {
      // The message about the end of a report, and not what followed it.
      const message = readPublished(body);
      if (!message.subject.startsWith('aftermath')) received.push(message);
      return { status: 200, body: '<PublishResponse/>' };
    },
  });
});
afterEach(() => sns.stop());

const load = (env: Record<string, string> = {}): Promise<void> =>
  it.load({
    NOTIFY_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alarms',
    AWS_ENDPOINT_URL_SNS: sns.url,
    ...env,
  });
const counted = (metric: string) => it.output.counted().filter((name) => name === metric);

describe('when a leak has ended, people are notified', () => {
  test('once, however often its report is delivered', async () => {
    await load();
    const { alert, api_key_id } = it.sandbox.leak();
    expect(await it.deliver(alert)).toEqual(DONE);
    expect(await it.deliver(alert, 2)).toEqual(DONE);

    const { number, owner, repo } = alert;
    expect(received).toMatchObject([
      {
        subject: `Leaked Devin API key revoked: ${owner}/${repo}, alert ${number}`,
        text: expect.stringContaining(api_key_id),
        chat: { metadata: { threadId: `github/${owner}/${repo}/${number}` } },
      },
    ]);
    expect(it.outcomes()).toHaveLength(1);
  });

  test('after the outcome is stored', async () => {
    const stored: number[] = [];
    const { alert } = it.sandbox.leak();
    const other = await startServer({
      handle: () => {
        stored.push(it.outcomes().length);
        return { status: 200, body: '<PublishResponse/>' };
      },
    });
    await load({ AWS_ENDPOINT_URL_SNS: other.url });
    await it.deliver(alert);
    await other.stop();

    expect(stored[0]).toBe(1);
  });

  test('of a key that still works, though its report is retried, and then that it is dead', async () => {
    await load({ PROOF_WINDOW_SECONDS: '0' });
    it.sandbox.devin.revocationLagMs = 3_000;
    const { alert } = it.sandbox.leak();
    expect(await it.deliver(alert)).toEqual(AGAIN);
    expect(received.map(({ subject }) => subject)).toEqual([expect.stringContaining('STILL WORKS')]);

    it.sandbox.devin.revocationLagMs = 0;
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    expect(await it.deliver(alert, 2)).toEqual(DONE);
    expect(received.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('STILL WORKS'),
      expect.stringContaining('revoked'),
    ]);
  });

  test('only of what needs a person, where that is the setting', async () => {
    await load({ NOTIFY: 'needs-person' });
    await it.deliver(it.sandbox.leak().alert);

    expect(received).toEqual([]);
  });

  test('of an event that is retried, before the invocation fails', async () => {
    await load();
    it.sandbox.devin.fault({ status: 503, times: 1_000 });
    const event = { source: 's', 'detail-type': 't', id: 'an-id', time: new Date().toISOString() };
    const { api_key_id, service_user_id } = it.sandbox.leak();
    const detail = { service_user_id, api_key_id };
    const context = lambdaContext({ getRemainingTimeInMillis: () => 9_000 });

    await expect(it.invoke({ ...event, detail }, context)).rejects.toThrow('is not done: failed');
    expect(received.map(({ subject }) => subject)).toEqual([
      'Leaked Devin API key not revoked yet: reported by an event',
    ]);
  });
});

test('a message that does not go out brings nothing back, and is counted', async () => {
  await load();
  sns.fault({ status: 403, times: 100 });

  expect(await it.deliver(it.sandbox.leak().alert)).toEqual(DONE);
  expect(it.outcomes()).toMatchObject([{ status: 'revoked' }]);
  expect(counted('NotificationFailed').length).toBeGreaterThan(0);
});
