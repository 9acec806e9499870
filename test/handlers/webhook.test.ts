import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeakReport } from '../../lib/domain/report.ts';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import type { AlertPayload } from '../../sandbox/github-shapes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

const MEBIBYTE = 1024 * 1024;
const MARK = 'c4n4ry';

let sandbox: Sandbox;
let leak: ReturnType<Sandbox['leak']>;
let output: Output;
/** All that came out of the function, and the signatures that went in. */
let seen: string[];
let signatures: string[];

beforeEach(async () => {
  sandbox = await startSandbox();
  leak = sandbox.leak();
  seen = [];
  signatures = [];
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  vi.useRealTimers();
  await sandbox.stop();
  // Every test of this file: neither the token nor anything that was sent or kept secret comes out.
  const text = [...seen, output.text()].join('\n');
  for (const secret of [MARK, ...partsOf(leak.token), ...partsOf(sandbox.webhookSecret), ...signatures]) {
    expect(text).not.toContain(secret);
  }
});

/** A secret as it could show: in part, encoded. */
const partsOf = (secret: string) => [
  secret.slice(4, 12),
  Buffer.from(secret).toString('base64').slice(8, 24),
  Buffer.from(secret).toString('hex').slice(8, 24),
];

type Delivery = {
  body?: string | Buffer;
  secret?: string;
  headers?: Record<string, string>;
  method?: string;
};

/** What Lambda hands over for a delivery that is signed with our secret, but for what the test changes. */
function delivered({
  body = payload(),
  secret = sandbox.webhookSecret,
  headers,
  method = 'POST',
}: Delivery = {}) {
  const delivery = signedDelivery(body, secret, { 'x-marked': `${MARK} ${leak.token}`, ...headers });
  const signature = delivery.headers['x-hub-signature-256'] ?? '';
  signatures.push(...[signature.slice(7, 23)].filter((text) => text.length === 16));
  return toEvent({ method, path: '/', query: new URLSearchParams(), rawQuery: '', ...delivery });
}

/** A whole payload, which holds no secret at GitHub: the mark and the token are there to be missed in the output. */
function payload(change: (payload: AlertPayload) => void = () => {}, action = 'created'): string {
  const whole = sandbox.github.payload(leak.alert, action);
  whole.alert.resolution_comment = `${MARK} ${leak.token}`;
  change(whole);
  return JSON.stringify(whole);
}

const start = (env: Record<string, string | undefined> = {}) => loadHandler('webhook', sandbox.env(env));

async function invoke(handler: Handler<'webhook'>, event: unknown, context = lambdaContext()) {
  try {
    const answer = await handler(event, context);
    seen.push(JSON.stringify(answer));
    return answer;
  } catch (error) {
    seen.push(inspect(error, { depth: null, showHidden: true }));
    throw error;
  }
}

const json = (statusCode: number, body: object, headers: Record<string, string> = {}) => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const refused = () => json(401, { error: 'not signed with our secret' });
const down = () => json(503, { error: 'not queued; deliver it again' });

/** The reports on the queue, as the worker would read them. */
const queued = () => sandbox.sqs.sent().map((body) => LeakReport.parse(JSON.parse(body)));
const expectNoEffect = () => {
  expect(sandbox.sqs.requests).toEqual([]);
  for (const service of [sandbox.devin, sandbox.github, sandbox.s3]) expect(service.requests).toEqual([]);
};

describe('a new alert', () => {
  test('is answered 202 with the id of the one report on the queue', async () => {
    const { alert } = sandbox.github.payload(leak.alert);
    const before = Date.now();
    const context = lambdaContext();

    const answer = await invoke(await start(), delivered(), context);

    const stamp = new Date(alert.updated_at ?? '').toISOString().replace(/[-:.]/g, '');
    const report_id = `github/acme/webshop/1/created/${stamp}`;
    expect(answer).toEqual(json(202, { report_id }));
    expect(queued()).toEqual([
      {
        version: 1,
        report_id,
        detector: 'github',
        invoked_by: 'webhook',
        reported_at: Date.parse(alert.updated_at ?? ''),
        leaked_at: Date.parse(alert.created_at ?? ''),
        seen_at: expect.any(Number),
        leak: { kind: 'github_alert', ...leak.alert },
      },
    ]);
    expect(queued()[0]?.seen_at).toBeGreaterThanOrEqual(before);
    expect(output.entries()).toEqual([
      {
        time: expect.any(String),
        level: 'info',
        message: 'delivery queued',
        request_id: context.awsRequestId,
        report_id,
      },
    ]);
    expect(sandbox.devin.isLive(leak.token)).toBe(true);
  });

  test.each(['created', 'reopened', 'publicly_leaked', 'validated'])(
    'is queued when it is %s',
    async (action) => {
      const answer = await invoke(await start(), delivered({ body: payload(undefined, action) }));
      expect(answer.statusCode).toBe(202);
      expect(queued().map(({ report_id }) => report_id.split('/')[4])).toEqual([action]);
    },
  );

  test('is queued out of base64, as Lambda hands over what it does not take for text', async () => {
    const body = payload();
    const event = delivered({ body, headers: { 'content-type': 'application/octet-stream' } });
    expect([event.isBase64Encoded, event.body]).toEqual([true, Buffer.from(body).toString('base64')]);
    expect((await invoke(await start(), event)).statusCode).toBe(202);
    expect(queued()).toHaveLength(1);
  });

  test('is queued with any characters in it', async () => {
    const body = payload((whole) => {
      whole.repository.description = 'é 𝄞 \u2028 \u0000 "\\';
    });
    expect((await invoke(await start(), delivered({ body }))).statusCode).toBe(202);
  });

  test('is queued as it is in a dry run', async () => {
    await invoke(await start({ DRY_RUN: 'true' }), delivered());
    expect(queued()).toMatchObject([{ dry_run: true, leak: { kind: 'github_alert' } }]);
  });

  test('is queued under the same id again when GitHub delivers it again', async () => {
    const handler = await start();
    const body = payload();
    const first = await invoke(handler, delivered({ body }));
    const again = await invoke(handler, delivered({ body, headers: { 'x-github-delivery': 'another' } }));
    expect(again).toEqual(first);
    const [one, two] = queued();
    expect(two).toEqual({ ...one, seen_at: two?.seen_at });
  });

  test('is queued at exactly 1 MiB', async () => {
    const body = payload().padEnd(MEBIBYTE);
    expect((await invoke(await start(), delivered({ body }))).statusCode).toBe(202);
  });
});

describe('a delivery that is not signed with our secret', () => {
  const hex = (body: string | Buffer, secret: string, algorithm = 'sha256') =>
    createHmac(algorithm, secret).update(body).digest('hex');

  test.each<[string, () => Delivery]>([
    ['has no signature', () => ({ headers: { 'x-hub-signature-256': '' } })],
    ['is signed with another secret', () => ({ secret: 'another secret' })],
    [
      'is signed over other bytes',
      () => ({ headers: { 'x-hub-signature-256': `sha256=${hex('{}', sandbox.webhookSecret)}` } }),
    ],
    [
      'is signed over the same JSON, written in another way',
      () => ({
        body: `${payload()} `,
        headers: { 'x-hub-signature-256': `sha256=${hex(payload(), sandbox.webhookSecret)}` },
      }),
    ],
    [
      'is signed with the old algorithm',
      () => ({ headers: { 'x-hub-signature-256': `sha1=${hex(payload(), sandbox.webhookSecret, 'sha1')}` } }),
    ],
    [
      'has sha1= before the right hash',
      () => ({ headers: { 'x-hub-signature-256': `sha1=${hex(payload(), sandbox.webhookSecret)}` } }),
    ],
    ['has the algorithm alone', () => ({ headers: { 'x-hub-signature-256': 'sha256=' } })],
    [
      'has the hash alone',
      () => ({ headers: { 'x-hub-signature-256': hex(payload(), sandbox.webhookSecret) } }),
    ],
    ['has garbage', () => ({ headers: { 'x-hub-signature-256': '𝄞'.repeat(20) } })],
    [
      'is signed in another header',
      () => ({
        headers: {
          'x-hub-signature-256': '',
          'x-hub-signature': `sha256=${hex(payload(), sandbox.webhookSecret)}`,
        },
      }),
    ],
    ['is no JSON', () => ({ body: MARK, secret: 'another secret' })],
    ['is empty', () => ({ body: '', secret: 'another secret' })],
    ['is a ping', () => ({ headers: { 'x-github-event': 'ping' }, secret: 'another secret' })],
    ['is of another event', () => ({ headers: { 'x-github-event': 'push' }, secret: 'another secret' })],
    [
      'was text that is not UTF-8',
      () => ({ body: Buffer.concat([Buffer.from(payload()), Buffer.from([0xff])]) }),
    ],
  ])('is answered 401 when it %s, and has no effect', async (_title, delivery) => {
    const context = lambdaContext();
    const handler = await start();
    expect(await invoke(handler, delivered(delivery()), context)).toEqual(refused());
    expectNoEffect();
    expect(output.entries()).toEqual([
      {
        time: expect.any(String),
        level: 'warn',
        message: 'delivery refused: not signed with our secret',
        request_id: context.awsRequestId,
        refused: 1,
      },
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'DevinKeyRevoker',
              Dimensions: [[]],
              Metrics: [{ Name: 'WebhookRefused', Unit: 'Count' }],
            },
          ],
        },
        WebhookRefused: 1,
      },
    ]);
  });

  test('is answered 401 without the header at all', async () => {
    const event = delivered();
    delete event.headers['x-hub-signature-256'];
    expect(await invoke(await start(), event)).toEqual(refused());
    expectNoEffect();
  });

  test('does not read the secrets each time, nor print a line each time, however many there are', async () => {
    const handler = await start();
    for (let count = 0; count < 100; count++) {
      expect(await invoke(handler, delivered({ secret: 'another secret' }))).toEqual(refused());
    }
    expect(sandbox.secrets.requests.length).toBeLessThan(12);
    expect(output.entries().length).toBeLessThan(20);
  });

  test('is counted, each one, in the metric that an alarm watches', async () => {
    vi.setSystemTime(Date.now());
    const handler = await start();
    for (let count = 0; count < 49; count++) await invoke(handler, delivered({ secret: 'another secret' }));
    vi.setSystemTime(Date.now() + 1_000);
    await invoke(handler, delivered({ secret: 'another secret' }));
    await invoke(handler, delivered());
    const sum = (name: string) =>
      output.entries().reduce((total, line) => total + Number(line[name] ?? 0), 0);
    expect([sum('WebhookRefused'), sum('refused')]).toEqual([50, 50]);
  });
});

describe('before the signature', () => {
  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post'])(
    'the method %s is answered 405, and no secret is read for it',
    async (method) => {
      const event = delivered({ method, secret: 'another secret' });
      expect(await invoke(await start(), event)).toEqual(
        json(405, { error: 'only POST' }, { allow: 'POST' }),
      );
      expect(sandbox.secrets.requests).toEqual([]);
      expectNoEffect();
    },
  );

  test.each([
    ['GET', '/', 'only POST'],
    ['GET', '/leaks', 'only POST'],
    ['GET', '/favicon.ico', 'no such path'],
    ['POST', '/leaks/', 'no such path'],
    ['POST', '/constructor', 'no such path'],
    ['POST', '//', 'no such path'],
  ])('%s %s is refused, and no secret is read for it', async (method, path, error) => {
    const handler = await start();
    const event = delivered({ method });
    event.rawPath = path;
    event.requestContext.http.path = path;
    const answer = await invoke(handler, event);
    expect(answer).toMatchObject({ body: JSON.stringify({ error }) });
    expect(sandbox.secrets.requests).toEqual([]);
    expectNoEffect();
  });

  test.each([
    ['text of 2 MiB', 'application/json', 2 * MEBIBYTE],
    ['base64 of 2 MiB', 'application/octet-stream', 2 * MEBIBYTE],
    ['text of 1 MiB and a byte', 'application/json', MEBIBYTE + 1],
    ['base64 of 1 MiB and a byte', 'application/octet-stream', MEBIBYTE + 1],
  ])('%s is answered 413, signed or not, for one read of the secret at most', async (_title, type, size) => {
    const handler = await start();
    for (const secret of ['another secret', sandbox.webhookSecret]) {
      const event = delivered({ body: payload().padEnd(size), secret, headers: { 'content-type': type } });
      expect(await invoke(handler, event)).toEqual(
        json(413, { error: `the body has over ${MEBIBYTE} bytes` }),
      );
    }
    expect(sandbox.secrets.requests.length).toBeLessThanOrEqual(1);
    expectNoEffect();
  });

  test('a size is that of the bytes, not of the characters', async () => {
    const body = payload((whole) => {
      whole.repository.description = 'é'.repeat(MEBIBYTE / 2);
    });
    expect(body.length).toBeLessThan(MEBIBYTE);
    expect((await invoke(await start(), delivered({ body }))).statusCode).toBe(413);
  });
});

describe('a signed delivery', () => {
  test('of a ping is answered 200', async () => {
    const body = JSON.stringify({ zen: MARK, hook_id: 1, hook: { type: 'Organization' } });
    const event = delivered({ body, headers: { 'x-github-event': 'ping' } });
    expect(await invoke(await start(), event)).toEqual(json(200, { message: 'pong' }));
    expectNoEffect();
  });

  const missing = 'the body is missing';
  const notJson = 'the body is not JSON; set the webhook to application/json';
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const binary = { 'content-type': 'application/octet-stream' };
  test.each<[string, () => Delivery, string]>([
    ['without a body', () => ({ body: '' }), missing],
    ['of half a payload', () => ({ body: payload().slice(0, -1) }), notJson],
    ['of text', () => ({ body: MARK }), notJson],
    ['of white space', () => ({ body: ' ' }), notJson],
    ['of a form', () => ({ body: `payload=${encodeURIComponent(payload())}`, headers: form }), notJson],
    [
      'that is not UTF-8',
      () => ({
        body: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
        headers: binary,
      }),
      notJson,
    ],
    ['of null', () => ({ body: 'null' }), 'wrong or missing in the body: '],
    ['of no action', () => ({ body: '{}' }), 'wrong or missing in the body: action'],
    ['of no alert', () => ({ body: '{"action":"created"}' }), 'wrong or missing in the body: alert'],
    [
      'of an alert without a number, in no repository',
      () => ({
        body: payload((whole) => {
          Object.assign(whole.alert, { number: MARK });
          Object.assign(whole, { repository: { full_name: MARK } });
        }),
      }),
      'wrong or missing in the body: alert.number, repository.full_name',
    ],
  ])('%s is answered 400', async (_title, delivery, error) => {
    expect(await invoke(await start(), delivered(delivery()))).toEqual(json(400, { error }));
    expectNoEffect();
    expect(output.entries()).toMatchObject([{ level: 'error', message: 'delivery refused: malformed' }]);
  });

  test('of a repository whose name is a token is queued by the number of the repository, and logged without the name', async () => {
    const body = payload((whole) => {
      whole.repository.full_name = `acme/${leak.token}`;
      whole.repository.id = 4711;
    });

    expect(await invoke(await start(), delivered({ body }))).toMatchObject({ statusCode: 202 });

    expect(queued()).toMatchObject([
      {
        report_id: expect.stringMatching(/^github\/redacted\/repository-4711\//),
        leak: { kind: 'github_alert', owner: 'redacted', repo: 'repository-4711', repository_id: 4711 },
      },
    ]);
    expect(JSON.stringify(sandbox.sqs.sent()) + output.text()).not.toContain(leak.token);
  });

  test.each<[string, () => Delivery, string]>([
    ['another event', () => ({ headers: { 'x-github-event': 'push' } }), 'another event'],
    [
      'the place of an alert',
      () => ({ headers: { 'x-github-event': 'secret_scanning_alert_location' } }),
      'another event',
    ],
    ['a resolved alert', () => ({ body: payload(undefined, 'resolved') }), 'another action'],
    ['an assigned alert', () => ({ body: payload(undefined, 'assigned') }), 'another action'],
    ['a new action', () => ({ body: payload(undefined, `${MARK} of tomorrow`) }), 'another action'],
    [
      'another secret type',
      () => ({
        body: payload((whole) => {
          whole.alert.secret_type = `${MARK}_token`;
        }),
      }),
      'another secret type',
    ],
  ])('of %s is answered 204, and logged', async (_title, delivery, reason) => {
    const context = lambdaContext();
    expect(await invoke(await start(), delivered(delivery()), context)).toEqual({ statusCode: 204 });
    expectNoEffect();
    expect(output.entries()).toEqual([
      {
        time: expect.any(String),
        level: 'info',
        message: 'delivery ignored',
        request_id: context.awsRequestId,
        reason,
      },
    ]);
  });
});

describe('an outage', () => {
  test.each<[string, () => void]>([
    ['the queue answers 503', () => sandbox.sqs.fault({ status: 503, times: Number.POSITIVE_INFINITY })],
    ['the queue answers 400', () => sandbox.sqs.fault({ status: 400, times: Number.POSITIVE_INFINITY })],
    [
      'the queue breaks connections',
      () => sandbox.sqs.fault({ reset: 'before', times: Number.POSITIVE_INFINITY }),
    ],
    [
      'Secrets Manager answers 500',
      () => sandbox.secrets.fault({ status: 500, times: Number.POSITIVE_INFINITY }),
    ],
    [
      'Secrets Manager breaks connections',
      () => sandbox.secrets.fault({ reset: 'before', times: Number.POSITIVE_INFINITY }),
    ],
    ['the secret does not exist', () => sandbox.secrets.remove(sandbox.secretIds.webhook)],
  ])('is answered 503 when %s, and the same container works again after it', async (_title, breakIt) => {
    const handler = await start();
    breakIt();
    expect(await invoke(handler, delivered())).toEqual(down());
    expect(queued()).toEqual([]);
    expect(output.entries()).toMatchObject([{ level: 'error', message: 'delivery failed' }]);

    sandbox.sqs.clearFaults();
    sandbox.secrets.clearFaults();
    sandbox.secrets.put(sandbox.secretIds.webhook, sandbox.webhookSecret);
    expect((await invoke(handler, delivered())).statusCode).toBe(202);
    expect(queued()).toHaveLength(1);
  });

  test('that passes at once is not noticed', async () => {
    sandbox.sqs.fault({ status: 503 });
    sandbox.secrets.fault({ status: 500 });
    expect((await invoke(await start(), delivered())).statusCode).toBe(202);
    expect(queued()).toHaveLength(1);
  });

  test('of the queue does not matter to what is not for it', async () => {
    sandbox.sqs.fault({ status: 503, times: Number.POSITIVE_INFINITY });
    const handler = await start();
    expect(await invoke(handler, delivered({ secret: 'another secret' }))).toEqual(refused());
    expect((await invoke(handler, delivered({ body: payload(undefined, 'resolved') }))).statusCode).toBe(204);
  });

  test('in which a service hangs is answered 503 before GitHub gives up after 10 s', async () => {
    const hanging = { delayMs: 60_000, times: Number.POSITIVE_INFINITY };
    const other = await startSandbox({ sqs: false });
    other.secrets.fault(hanging);
    sandbox.sqs.fault(hanging);
    const timed = async (answer: Promise<unknown>) => {
      const from = Date.now();
      return { answer: await answer, isInTime: Date.now() - from < 9_500 };
    };

    const expected = { answer: down(), isInTime: true };
    expect(await timed(invoke(await start(), delivered()))).toEqual(expected);
    const env = sandbox.env({ AWS_ENDPOINT_URL_SECRETS_MANAGER: other.secrets.url });
    expect(await timed(invoke(await loadHandler('webhook', env), delivered()))).toEqual(expected);
    expect(sandbox.sqs.requests.length).toBeGreaterThan(0);
    expect(other.secrets.requests.length).toBeGreaterThan(0);
    expect(queued()).toEqual([]);
    await other.stop();
  });

  test('in which the previous secret cannot be read matters only to what the current one did not sign', async () => {
    const handler = await start();
    expect((await invoke(handler, delivered())).statusCode).toBe(202);
    sandbox.secrets.fault({ delayMs: 60_000, times: Number.POSITIVE_INFINITY });
    const from = Date.now();
    expect(await invoke(handler, delivered({ secret: 'another secret' }))).toEqual(down());
    expect(Date.now() - from).toBeLessThan(6_000);
    expect((await invoke(handler, delivered())).statusCode).toBe(202);
    sandbox.secrets.clearFaults();
    expect(await invoke(handler, delivered({ secret: 'another secret' }))).toEqual(refused());
  });

  test('of our own is answered 500', async () => {
    expect(await invoke(await start(), { [MARK]: leak.token })).toEqual(
      json(500, { error: 'internal error' }),
    );
    expectNoEffect();
  });
});

describe('a rotation of the secret', () => {
  const rotate = (secret: string) => sandbox.secrets.put(sandbox.secretIds.webhook, secret);

  test('before the first delivery loses none that was signed with the previous one', async () => {
    rotate('new secret');
    const handler = await start();
    expect((await invoke(handler, delivered())).statusCode).toBe(202);
    expect((await invoke(handler, delivered({ secret: 'new secret' }))).statusCode).toBe(202);
    // A container of an earlier test may still ask, under credentials that are not of this sandbox.
    const read = sandbox.secrets.requests.filter(({ status }) => status === 200);
    expect(read.map(({ versionStage }) => versionStage)).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('during the life of a container is noticed, and ends the secret before the previous one', async () => {
    const handler = await start();
    expect((await invoke(handler, delivered())).statusCode).toBe(202);

    rotate('new secret');
    expect((await invoke(handler, delivered({ secret: 'new secret' }))).statusCode).toBe(202);
    expect((await invoke(handler, delivered())).statusCode).toBe(202);

    rotate('newest secret');
    vi.setSystemTime(Date.now() + 60_000);
    expect(await invoke(handler, delivered())).toEqual(refused());
    expect((await invoke(handler, delivered({ secret: 'newest secret' }))).statusCode).toBe(202);
    expect((await invoke(handler, delivered({ secret: 'new secret' }))).statusCode).toBe(202);
  });

  test('into JSON is understood', async () => {
    rotate(JSON.stringify({ github: 'new secret', standard: 'another' }));
    const handler = await start();
    expect((await invoke(handler, delivered({ secret: 'new secret' }))).statusCode).toBe(202);
    expect(await invoke(handler, delivered({ secret: 'another' }))).toEqual(refused());
  });
});

describe('a bad configuration fails the function itself', () => {
  test.each([
    ['empty', ''],
    ['white space', ' \n'],
    ['empty in JSON', '{"github":""}'],
    ['not in the JSON', '{"other":"x"}'],
  ])('when the secret is %s, whatever the delivery is signed with', async (_title, secret) => {
    sandbox.secrets.put(sandbox.secretIds.webhook, secret);
    const handler = await start();
    for (const used of [secret, '', sandbox.webhookSecret]) {
      await expect(invoke(handler, delivered({ secret: used }))).rejects.toMatchObject({
        name: 'ConfigError',
        message: `the webhook secret in ${sandbox.secretIds.webhook} is empty`,
      });
    }
    expectNoEffect();
  });

  test('not when there is a secret of another source alone: nobody signs for GitHub', async () => {
    sandbox.secrets.put(sandbox.secretIds.webhook, JSON.stringify({ standard: sandbox.standardSecret }));
    const handler = await start();
    for (const secret of [sandbox.standardSecret, 'x']) {
      expect(await invoke(handler, delivered({ secret }))).toEqual(refused());
    }
    expectNoEffect();
  });

  test('when settings are missing or wrong, by all their names and no value', async () => {
    const handler = await start({
      WEBHOOK_SECRET_ID: '',
      LEAK_QUEUE_URL: MARK,
      GITHUB_SECRET_TYPES: undefined,
      DRY_RUN: MARK,
    });
    await expect(invoke(handler, delivered())).rejects.toMatchObject({
      name: 'ConfigError',
      message:
        'bad configuration: WEBHOOK_SECRET_ID is not set; LEAK_QUEUE_URL must be a URL; GITHUB_SECRET_TYPES is not set; DRY_RUN must be true or false',
    });
    expect(sandbox.secrets.requests).toEqual([]);
    expectNoEffect();
  });
});
