import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';
import { readPublished } from '../support/published.ts';

const DAY = 86_400;
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const OWNERS = { 'build bot': 'build@example.com', 'chat bot': '#chat-ops' };
let sandbox: Sandbox;
let output: Output;
const servers: Record<'sns' | 'ses' | 'slack', { server: SandboxServer; received: SandboxRequest[] }[]> = {
  sns: [],
  ses: [],
  slack: [],
};

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
  const answers = {
    sns: { status: 200, body: '<PublishResponse/>' },
    ses: { status: 200, body: { MessageId: '1' } },
    slack: { status: 200, body: { ok: true } },
  };
  for (const name of ['sns', 'ses', 'slack'] as const) {
    const received: SandboxRequest[] = [];
    const server = await startServer({
      handle: (request) => {
        received.push(request);
        return answers[name];
      },
    });
    servers[name] = [{ server, received }];
  }
  sandbox.secrets.put('slack', ['xoxb', 'made', 'up'].join('-'));
});
afterEach(async () => {
  output.restore();
  await Promise.all(Object.values(servers).flatMap(([one]) => [one?.server.stop()]));
  await sandbox.stop();
});

const stub = (name: keyof typeof servers) => servers[name][0] ?? expect.fail(name);
const soon = (user: string, key = 'ci'): { api_key_id: string; service_user_id: string } => {
  const { service_user_id } = sandbox.devin.createServiceUser({ name: user });
  const now = Math.floor(Date.now() / 1_000);
  return sandbox.devin.createKey(service_user_id, {
    name: key,
    created_at: now - DAY,
    expires_at: now + 5 * DAY,
  });
};
const sweep = async (env: Record<string, string | undefined> = {}) => {
  const handler = await loadHandler(
    'sweep-keys',
    sandbox.env({
      NOTIFY_TOPIC_ARN: TOPIC,
      AWS_ENDPOINT_URL_SNS: stub('sns').server.url,
      AWS_ENDPOINT_URL_SESV2: stub('ses').server.url,
      SLACK_API_URL: stub('slack').server.url,
      SLACK_TOKEN_SECRET_ID: 'slack',
      OWNERS_FROM: 'key-revoker@example.com',
      OWNERS: JSON.stringify(OWNERS),
      ...env,
    }),
  );
  return handler({});
};
const notes = (): string[] => sandbox.s3.objects('warnings/').map(({ key }) => key);
const mailed = (): string =>
  stub('sns')
    .received.map(({ body }) => readPublished(body).text)
    .join('\n');

describe('a warning', () => {
  test('goes to the topic and to the owner, and says what it takes to act', async () => {
    const [build, chat, other] = [soon('build bot'), soon('chat bot'), soon('nobody’s bot')];

    await sweep();

    for (const { api_key_id } of [build, chat, other]) expect(mailed()).toContain(api_key_id);
    const [mail, ...moreMails] = stub('ses').received.map(({ body }) => JSON.parse(body.toString()));
    expect(moreMails).toEqual([]);
    expect(mail).toMatchObject({
      FromEmailAddress: 'key-revoker@example.com',
      Destination: { ToAddresses: ['build@example.com'] },
      Content: { Simple: { Subject: { Data: '1 API key expires soon' } } },
    });
    const text: string = mail.Content.Simple.Body.Text.Data;
    const day = new Date(Date.now() + 5 * DAY * 1_000).toISOString().slice(0, 10);
    for (const part of [
      '"ci"',
      build.api_key_id,
      '"build bot"',
      build.service_user_id,
      day,
      '/rotate',
      'warning of 7 days',
    ]) {
      expect(text).toContain(part);
    }
    const [post, ...morePosts] = stub('slack').received;
    expect(morePosts).toEqual([]);
    expect(post).toMatchObject({ method: 'POST', path: '/chat.postMessage' });
    expect(post?.headers.authorization).toBe(`Bearer ${['xoxb', 'made', 'up'].join('-')}`);
    expect(JSON.parse(post?.body.toString() ?? '')).toMatchObject({
      channel: '#chat-ops',
      text: expect.stringContaining(chat.api_key_id),
    });
    expect(notes()).toHaveLength(3);
  });

  test('takes its owners from an object of the bucket', async () => {
    soon('build bot');
    const store = s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket);
    await store.put('owners/owners.json', OWNERS, { deadline: Date.now() + 5_000 });

    await sweep({ OWNERS: 'owners/owners.json' });

    expect(stub('ses').received).toHaveLength(1);
  });

  test.each(['sns', 'ses'] as const)(
    'that %s does not take is not noted, counts, and comes again',
    async (way) => {
      soon('build bot');
      stub(way).server.fault({ status: 400, times: Number.POSITIVE_INFINITY });
      await sweep();
      expect(notes()).toEqual([]);
      expect(output.entries()).toContainEqual(expect.objectContaining({ SweepNotNotified: 1 }));

      stub(way).server.clearFaults();
      const before = stub(way).received.length;
      await sweep();
      expect(stub(way).received.length).toBe(before + 1);
      expect(notes()).toHaveLength(1);

      await sweep();
      expect(stub(way).received.length).toBe(before + 1);
    },
  );

  test('that Slack refuses with HTTP 200 is not noted', async () => {
    soon('chat bot');
    stub('slack').server.fault({ status: 200, body: { ok: false, error: 'channel_not_found' } });
    await sweep();

    expect(notes()).toEqual([]);
    expect(output.text()).toContain('channel_not_found');
  });

  test('reaches its owner although the note of another cannot be stored', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => soon(`bot ${index}`));
    const first = keys[0] ?? expect.fail();
    sandbox.s3.fault({
      method: 'PUT',
      path: new RegExp(`warnings/${first.service_user_id}`),
      status: 403,
      times: 9,
    });

    await sweep();

    for (const { api_key_id } of keys) expect(mailed()).toContain(api_key_id);
    expect(notes()).toHaveLength(19);
  });

  test('to an owner without a way is not lost on the topic, and says what is not set', async () => {
    const key = soon('build bot');
    await sweep({ OWNERS_FROM: undefined });

    expect(mailed()).toContain(key.api_key_id);
    expect(output.text()).toContain('OWNERS_FROM is not set');
  });
});

test('no token is in a warning', async () => {
  const { service_user_id } = sandbox.devin.createServiceUser({ name: 'build bot' });
  const token = sandbox.devin.createPersonalToken();
  const now = Math.floor(Date.now() / 1_000);
  sandbox.devin.createKey(service_user_id, { name: token, created_at: now - DAY, expires_at: now + DAY });
  await sweep();

  const sent = [...stub('ses').received, ...stub('sns').received].map(({ body }) => body.toString());
  expect(sent).toHaveLength(2);
  for (const text of [...sent, output.text()]) expect(text).not.toContain(token.slice(4, 12));
});
