import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { snsNotify } from '../../lib/aws/sns.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';
import { readPublished } from '../support/published.ts';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const received: SandboxRequest[] = [];
let sns: SandboxServer;
let output: Output;

beforeEach(async () => {
  received.length = 0;
  sns = await startServer({
    handle: (request) => {
      received.push(request);
      return { status: 200, body: '<PublishResponse/>' };
    },
  });
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  await sns.stop();
});

const published = () => received.map(({ body }) => readPublished(body));
const notify = (subject: string, text: string): Promise<boolean> =>
  snsNotify(awsEnvironment({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_SNS: sns.url }), TOPIC)(subject, text);

describe('a notification', () => {
  test('is published to the topic, signed, with a subject that SNS takes', async () => {
    await notify(`ä\n${'x'.repeat(200)}`, 'two\nlines');

    const [request] = received;
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=.*\/us-east-1\/sns\/aws4_request/,
    );
    const fields = new URLSearchParams(request?.body.toString());
    expect([fields.get('Action'), fields.get('TopicArn'), fields.get('MessageStructure')]).toEqual([
      'Publish',
      TOPIC,
      'json',
    ]);
    expect(published()).toMatchObject([{ subject: `  ${'x'.repeat(97)}`, text: 'two\nlines' }]);
  });

  test('is shown by a chat as the text that it is, in a thread of its leak', async () => {
    const text = 'a <!channel> `name` & @here\nhttps://evil.example';
    await snsNotify(awsEnvironment({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_SNS: sns.url }), TOPIC)(
      'a <!here> subject',
      text,
      { thread: 'github/acme/web/1' },
    );

    expect(published()[0]).toMatchObject({
      text,
      chat: {
        version: '1.0',
        source: 'custom',
        content: {
          textType: 'client-markdown',
          title: 'a &lt;!here&gt; subject',
          description: "```\na &lt;!channel&gt; 'name' &amp; @here\nhttps://evil.example\n```",
        },
        metadata: { threadId: 'github/acme/web/1' },
      },
    });
  });

  test('of great length is cut for a chat, which takes 8,000 characters', async () => {
    await notify('s', '<'.repeat(50_000));
    const [{ chat, text } = { chat: {}, text: '' }] = published();

    expect(text).toHaveLength(50_000);
    expect(chat.content.description.length).toBeLessThanOrEqual(8_000);
    expect(chat.content.description).toMatch(/&lt;…\n```$/);
  });

  test.each([{ status: 403 }, { reset: 'before', times: 9 }] as const)(
    'that fails by %j fails nothing else',
    async (fault) => {
      sns.fault(fault);

      await expect(notify('subject', 'text')).resolves.toBe(false);
      expect(output.entries()).toEqual([
        expect.objectContaining({ NotificationFailed: 1 }),
        expect.objectContaining({ level: 'error', message: 'not notified' }),
      ]);
    },
  );
});

test("a sweep's summary tells how to release the plan, and warnings that are urgent are mailed", async () => {
  const sandbox = await startSandbox();
  const now = Math.floor(Date.now() / 1_000);
  const { service_user_id } = sandbox.devin.createServiceUser({ name: 'nightly' });
  sandbox.devin.createKey(service_user_id, { created_at: 1, expires_at: now - 1 });
  sandbox.devin.createKey(service_user_id, { name: 'ci', created_at: now, expires_at: now + 86_400 });
  const env = { SWEEP_MODE: 'enforce', NOTIFY_TOPIC_ARN: TOPIC, AWS_ENDPOINT_URL_SNS: sns.url };
  try {
    const result = await (await loadHandler('sweep-keys', sandbox.env(env)))({});

    const plan = 'plan_id' in result ? result.plan_id : '';
    const [warning, summary] = published();
    expect(warning).toMatchObject({
      subject: '1 API key expires soon',
      text: expect.stringContaining('"ci"'),
    });
    expect(summary).toMatchObject({ subject: `sweep ${plan}: blocked` });
    expect(summary?.text).toContain('Nothing was revoked.');
    expect(summary?.text).toContain(`{"release": "${plan}"}`);
    expect(published()).toHaveLength(2);
  } finally {
    await sandbox.stop();
  }
});
