import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { toEvent } from '../../sandbox/function-url.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { outcomeRecords } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { type StandardOptions, standardDelivery } from '../../sandbox/standard-delivery.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';

// Any detector: POST /leaks, from its signature to the dead key.

const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const NOW = Date.parse('2026-11-23T08:42:22Z');

let sandbox: Sandbox;
let leak: ReturnType<Sandbox['leak']>;
let output: Output;
/** All that came out of the functions. */
let seen: unknown[];

beforeEach(async () => {
  vi.setSystemTime(NOW);
  sandbox = await startSandbox();
  leak = sandbox.leak();
  output = captureOutput();
  seen = [];
});

afterEach(async () => {
  output.restore();
  vi.useRealTimers();
  await sandbox.stop();
  // Every test of this file: no token lies on the queue, in the log, in an answer or in a record.
  const left = JSON.stringify([seen, sandbox.sqs.sent(), sandbox.s3.objects()]) + output.text();
  for (const encoding of ['utf8', 'base64', 'hex'] as const) {
    const text = Buffer.from(leak.token).toString(encoding);
    for (let at = 8; at + 8 <= text.length - 4; at += 8) expect(left).not.toContain(text.slice(at, at + 8));
  }
});

/** One container of the webhook. */
async function webhook(env: Record<string, string | undefined> = {}) {
  const handler = await loadHandler('webhook', sandbox.env(env));
  return async (body: unknown, options: StandardOptions & { secret?: string } = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const delivery = standardDelivery(text, options.secret ?? sandbox.standardSecret, { id: ID, ...options });
    const request = {
      method: 'POST',
      path: '/leaks',
      query: new URLSearchParams(),
      rawQuery: '',
      ...delivery,
    };
    const answer = await handler(toEvent(request));
    seen.push(answer);
    return read(answer);
  };
}

function read({ body = '', statusCode }: APIGatewayProxyStructuredResultV2) {
  return { status: statusCode, ...JSON.parse(body) };
}

const work = async (env: Record<string, string | undefined> = {}) => {
  const revoke = await loadHandler('revoke', sandbox.env(env));
  const records = sandbox.sqs.sent().map((body, index) => sqsRecord(body, { messageId: `m-${index}` }));
  const answer = await revoke(sqsEvent(...records));
  seen.push(answer);
  return answer;
};
const ids = () => ({ service_user_id: leak.service_user_id, api_key_id: leak.api_key_id });
const messages = () => sandbox.sqs.sent().map((body) => JSON.parse(body));

describe('a detector that reports', () => {
  test('a token has it sealed on the queue, and dead once the worker has read it', async () => {
    const post = await webhook();
    const answer = await post({
      leaks: [
        {
          token: `DEVIN_API_KEY=${leak.token}`,
          source: 'Acme Scanner',
          url: 'https://example.com/paste/1',
          detected_at: '2026-11-23T08:41:00Z',
          note: `seen in a paste: ${leak.token.slice(0, 30)}`,
        },
      ],
    });

    expect(answer).toEqual({
      status: 202,
      leaks: [{ accepted: true, report_id: expect.stringMatching(`^webhook/${ID}/[0-9a-f]{32}$`) }],
    });
    const [{ report_id }] = answer.leaks;
    expect(messages()).toEqual([
      {
        version: 2,
        report_id,
        detector: 'webhook',
        invoked_by: 'webhook',
        caller: 'Acme-Scanner',
        reported_at: Date.parse('2026-11-23T08:41:00Z'),
        leaked_at: Date.parse('2026-11-23T08:41:00Z'),
        seen_at: expect.any(Number),
        leak: { kind: 'token' },
        reason: 'seen in a paste: [redacted], found at https://example.com/paste/1',
        sealed: { report_id, data_key: expect.any(String), ciphertext: expect.any(String) },
      },
    ]);

    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(outcomeRecords(sandbox).map(({ unmapped }) => unmapped)).toMatchObject([
      { status: 'revoked', api_key_id: leak.api_key_id, report: { report_id, detector: 'webhook' } },
    ]);
    const calls = sandbox.kms.requests.map(({ operation, status }) => [operation, status]);
    expect(calls).toEqual([
      ['GenerateDataKey', 200],
      ['Decrypt', 200],
    ]);
  });

  test('ids has them revoked, without a call of KMS', async () => {
    const answer = await (await webhook())({ leaks: [ids()] });
    expect(answer.status).toBe(202);
    expect(messages()).toMatchObject([{ version: 1, leak: { kind: 'key', ...ids() } }]);
    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(sandbox.kms.requests).toEqual([]);
  });

  test('ids and a token has the token proven dead', async () => {
    expect((await (await webhook())({ leaks: [{ ...ids(), token: leak.token }] })).status).toBe(202);
    expect(messages()).toMatchObject([{ version: 2, leak: { kind: 'key', ...ids() } }]);
    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(outcomeRecords(sandbox).map(({ unmapped }) => unmapped)).toMatchObject([
      { status: 'revoked', evidence: 'token_rejected' },
    ]);
  });

  test('several leaks is answered for each of them, in order, and one does not matter to another', async () => {
    const answer = await (await webhook())({
      leaks: [
        null,
        { token: 'not-a-devin-token' },
        { aws_access_key_id: 'AKIA' },
        { service_user_id: leak.service_user_id },
        { ...ids(), dryRun: true },
        { ...ids(), detected_at: 'yesterday' },
        { ...ids(), note: 7 },
        { ...ids(), reason: 'x' },
        { github_alert: { owner: 'acme', repo: 'web', number: 1 } },
        { service_user_id: leak.service_user_id, api_key_id: leak.token },
        { token: leak.token, dry_run: true },
        ids(),
      ],
    });

    const no = (reason: string) => ({ accepted: false, reason });
    const yes = { accepted: true, report_id: expect.any(String) };
    const nothing = 'token, or service_user_id with api_key_id, is missing';
    expect(answer).toEqual({
      status: 202,
      leaks: [
        no('the leak must be an object'),
        no('token holds no Devin token'),
        no(nothing),
        no('api_key_id is missing'),
        no('dryRun is not a known field'),
        no('detected_at must be a date and time of the past, such as 2026-11-23T08:42:20Z'),
        no('note must be text'),
        no('reason is not a known field'),
        no('github_alert is not a known field'),
        no('api_key_id must not be a token'),
        yes,
        yes,
      ],
    });
    expect(messages().sort((a, b) => a.version - b.version)).toMatchObject([
      { leak: { kind: 'key' } },
      { leak: { kind: 'token' }, dry_run: true },
    ]);
  });

  test('the same leak twice, at once and again later, has one report of it', async () => {
    const post = await webhook();
    const body = { leaks: [{ token: leak.token }, { token: leak.token, note: 'again' }, ids()] };
    const first = await post(body);
    expect(first.leaks[0]).toEqual(first.leaks[1]);
    expect(sandbox.sqs.sent()).toHaveLength(2);
    await work();
    vi.setSystemTime(NOW + 60_000);
    expect(await post(body)).toEqual(first);
    await work();

    const reports = outcomeRecords(sandbox).map(({ unmapped }) => unmapped);
    expect(reports).toHaveLength(2);
  });

  test('the same leak twice, once as a rehearsal, has both on the queue', async () => {
    await (await webhook())({ leaks: [{ ...ids(), dry_run: true }, ids()] });
    expect(messages().map(({ dry_run }) => dry_run)).toHaveLength(2);
    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
  });

  test('a page of text as a token is asked for the token alone', async () => {
    const long = `${leak.token} ${'x'.repeat(1_028)}`;
    expect((await (await webhook())({ leaks: [{ token: long }] })).leaks).toEqual([
      { accepted: false, reason: 'token has over 1028 characters; send the token alone' },
    ]);
  });

  test('another leak under an id that was used before has a report of its own', async () => {
    const other = sandbox.leak({ name: 'other' });
    const post = await webhook();
    const one = await post({ leaks: [{ token: leak.token }] });
    const two = await post({ leaks: [{ token: other.token }] });
    expect(one.leaks[0].report_id).not.toBe(two.leaks[0].report_id);
  });

  test.each(['a b/c', '..', 'ü'.repeat(10), 'x'.repeat(300)])(
    'under the id "%s" has a report all the same',
    async (id) => {
      const answer = await (await webhook())({ leaks: [ids()] }, { id: encodeURI(id) });
      expect(answer.leaks).toMatchObject([{ accepted: true }]);
      expect(await work()).toEqual({ batchItemFailures: [] });
    },
  );

  test('its own token in the id has a report that does not name it', async () => {
    const answer = await (await webhook())({ leaks: [{ token: leak.token }] }, { id: leak.token });
    expect(answer).toMatchObject({ status: 202, leaks: [{ accepted: true }] });
  });
});

describe('a delivery without a single leak that can be taken', () => {
  test('is answered 422 with all reasons', async () => {
    expect(await (await webhook())({ leaks: [{ token: 'x' }, {}] })).toEqual({
      status: 422,
      leaks: [
        { accepted: false, reason: 'token holds no Devin token' },
        { accepted: false, reason: 'token, or service_user_id with api_key_id, is missing' },
      ],
    });
    expect(sandbox.sqs.requests).toEqual([]);
    expect(sandbox.kms.requests).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['text', 'no JSON', 'the body is not JSON'],
    ['nothing', '', 'the body is not JSON'],
    ['one leak without a list', { token: 'x' }, 'the body must be {"leaks": [...]}'],
    ['an empty list', { leaks: [] }, 'leaks is empty'],
    ['101 leaks', { leaks: Array.from({ length: 101 }, () => ({})) }, 'leaks has 101 items, 100 at most'],
  ])('is answered 400 when it is %s', async (_title, body, error) => {
    expect(await (await webhook())(body)).toEqual({ status: 400, error });
    expect(sandbox.sqs.requests).toEqual([]);
  });
});

describe('without the sealing key', () => {
  test('a token is refused, and ids are taken', async () => {
    const post = await webhook({ SEALING_KEY_ID: undefined });
    expect(await post({ leaks: [{ token: leak.token }, ids()] })).toMatchObject({
      status: 202,
      leaks: [
        { accepted: false, reason: 'a token cannot be taken: SEALING_KEY_ID is not set; send ids' },
        { accepted: true },
      ],
    });
  });

  test('the worker leaves a sealed token on the queue', async () => {
    await (await webhook())({ leaks: [{ token: leak.token }] });
    expect(await work({ SEALING_KEY_ID: undefined })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm-0' }],
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(true);
  });
});

describe('an outage of KMS', () => {
  test('is answered 503, and the same delivery is taken after it', async () => {
    sandbox.kms.fault({ status: 500, times: Number.POSITIVE_INFINITY });
    const post = await webhook();
    expect(await post({ leaks: [{ token: leak.token }] })).toEqual({
      status: 503,
      error: 'not queued; deliver it again',
    });
    sandbox.kms.clearFaults();
    expect((await post({ leaks: [{ token: leak.token }] })).status).toBe(202);
  });

  test('leaves the message of the worker on the queue', async () => {
    await (await webhook())({ leaks: [{ token: leak.token }] });
    sandbox.kms.fault({ operation: 'Decrypt', status: 400 });
    expect(await work()).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
  });
});

describe('a sealed token', () => {
  test.each([
    ['of another report', { report_id: 'webhook/other/1' }],
    ['sealed for another report', { sealed: { report_id: 'webhook/other/1' } }],
    ['that was changed', { sealed: { ciphertext: Buffer.alloc(64).toString('base64') } }],
    ['that is cut', { sealed: { ciphertext: Buffer.alloc(4).toString('base64') } }],
  ])('%s is not opened, and its message does not leave the queue', async (_title, change) => {
    await (await webhook())({ leaks: [{ token: leak.token }] });
    const [message] = messages();
    const { sealed, ...rest } = change as { sealed?: object };
    const body = { ...message, ...rest, sealed: { ...message.sealed, ...sealed } };
    const revoke = await loadHandler('revoke', sandbox.env());
    expect(await revoke(sqsEvent(sqsRecord(body)))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-1' }],
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(true);
  });
});

describe('a flood of requests that nobody signed', () => {
  test.each([
    ['/leaks', 401],
    ['/v1/revoke_tokens', 401],
    ['/', 401],
    ['/robots.txt', 404],
  ])('to %s has no message and no call of KMS, and few reads of the secret', async (path, status) => {
    const handler = await loadHandler('webhook', sandbox.env());
    const { body, headers } = standardDelivery(
      JSON.stringify({ leaks: [{ token: leak.token }] }),
      ['whsec', Buffer.alloc(32).toString('base64')].join('_'),
    );
    for (let count = 0; count < 200; count++) {
      const request = { method: 'POST', path, query: new URLSearchParams(), rawQuery: '', body, headers };
      expect((await handler(toEvent(request))).statusCode).toBe(status);
    }
    expect([sandbox.sqs.requests, sandbox.kms.requests]).toEqual([[], []]);
    expect(sandbox.secrets.requests.length).toBeLessThan(status === 404 ? 1 : 12);
    expect(output.entries().length).toBeLessThan(20);
  });
});

describe('GitLab', () => {
  test('is told to wait when it sends too often, and its next request is taken', async () => {
    const handler = await loadHandler('webhook', sandbox.env());
    const found = { type: 'gitleaks_rule_id_devin-api-key', token: leak.token, location: 'x' };
    const send = () =>
      handler(
        toEvent({
          method: 'POST',
          path: '/v1/revoke_tokens',
          query: new URLSearchParams(),
          rawQuery: '',
          body: Buffer.from(JSON.stringify([found])),
          headers: { 'content-type': 'application/json', authorization: sandbox.gitlabSecret },
        }),
      );
    const answers = [];
    for (let count = 0; count < 21; count++) answers.push(await send());
    expect(answers.filter(({ statusCode }) => statusCode === 204)).toHaveLength(20);
    expect(answers.at(-1)).toMatchObject({ statusCode: 429, headers: { 'retry-after': '1' } });
    vi.setSystemTime(NOW + 1_000);
    expect(await send()).toEqual({ statusCode: 204 });
  });
});
