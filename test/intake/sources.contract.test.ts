import { Buffer } from 'node:buffer';
import type { SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeakReport } from '../../lib/domain/report.ts';
import { ROUTES } from '../../lib/intake/sources/routes.ts';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { outcomeRecords } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { standardDelivery } from '../../sandbox/standard-delivery.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';
import { sealAsSender } from '../support/seal-as-sender.ts';

// What every way in has to do, each in its own terms. A detector that is added to the schema of the report, or a path
// that is added to the routes, fails this suite until it has its line here, with every case.

const CASES = [
  'authentic',
  'forged',
  'replayed',
  'malformed',
  'too large',
  'canary token',
  'unknown type',
  'empty',
  'duplicate item',
  'wrong clock',
  'rotated secret',
] as const;
type Case = (typeof CASES)[number];

/** What is delivered, one after the other, with what each is answered; and how many reports come to an outcome. */
interface Contract {
  readonly deliveries: () => readonly (readonly [send: () => Promise<unknown>, answer: unknown])[];
  readonly reports: number;
}
type Line = Readonly<Record<Case, Contract>>;
/** Made here, and not by somebody who found a leak elsewhere. A person's invoke is authorised by IAM alone. */
const NOT_SENT = ['console', 'sweep', 'aftermath'] as const;
type Sender = Exclude<LeakReport['detector'], (typeof NOT_SENT)[number]>;

const NOW = Date.parse('2026-11-23T08:42:22Z');
const SECONDS = NOW / 1_000;
const MEBIBYTE = 1024 * 1024;
const ID = 'msg_1';

let sandbox: Sandbox;
let leak: ReturnType<Sandbox['leak']>;
let output: Output;
let seen: unknown[];
/** One container of each function. */
let webhook: Awaited<ReturnType<typeof loadHandler<'webhook'>>>;
let revoke: Awaited<ReturnType<typeof loadHandler<'revoke'>>>;

beforeEach(async () => {
  vi.setSystemTime(NOW);
  sandbox = await startSandbox();
  leak = sandbox.leak({ key: { created_at: SECONDS - 86_400 } });
  seen = [];
  output = captureOutput();
  webhook = await loadHandler('webhook', sandbox.env());
  revoke = await loadHandler('revoke', sandbox.env());
});
afterEach(async () => {
  output.restore();
  vi.useRealTimers();
  await sandbox.stop();
});

const ids = () => ({ service_user_id: leak.service_user_id, api_key_id: leak.api_key_id });

/** Over the function URL. @returns the status */
async function post(path: string, { body, headers }: { body: Buffer; headers: Record<string, string> }) {
  const method = path.endsWith('types') ? 'GET' : 'POST';
  const request = { method, path, query: new URLSearchParams(), rawQuery: '', body, headers };
  const answer = await webhook(toEvent(request));
  seen.push(answer);
  return answer.statusCode;
}

/** The worker, directly. @returns what the function answers, or the name of its error */
async function invoke(event: unknown): Promise<unknown> {
  try {
    const answer = await revoke(event);
    seen.push(answer);
    return 'status' in answer ? answer.status : answer;
  } catch (error) {
    seen.push(String(error));
    return error instanceof Error ? error.name : error;
  }
}

/** The secret is replaced so often in a minute of its own each time, and then something is sent. */
const afterRotations = (times: number, send: () => Promise<unknown>) => () => {
  for (let time = 0; time < times; time++) {
    sandbox.secrets.put(sandbox.secretIds.webhook, JSON.stringify(otherSecrets(time)));
  }
  vi.setSystemTime(NOW + times * 60_000);
  return send();
};
const otherSecrets = (time: number) => ({
  github: `new ${time}`,
  gitlab: `new ${time}`,
  standard: ['whsec', Buffer.alloc(32, time).toString('base64')].join('_'),
});
/** A secret is accepted after one rotation; after two it is not. */
const rotated = (send: () => Promise<unknown>, taken: unknown, refused: unknown): Contract => ({
  deliveries: () => [
    [afterRotations(1, send), taken],
    [afterRotations(2, send), refused],
  ],
  reports: 1,
});
const each = (answer: unknown, reports: number, ...sends: (() => Promise<unknown>)[]): Contract => ({
  deliveries: () => sends.map((send) => [send, answer]),
  reports,
});

// --- GitHub

type Payload = ReturnType<Sandbox['github']['payload']>;
const alert = (change: (whole: Payload) => void = () => {}, action = 'created') => {
  const whole = sandbox.github.payload(leak.alert, action);
  change(whole);
  return JSON.stringify(whole);
};
const byGitHub =
  (body: () => string = alert, secret = () => sandbox.webhookSecret, headers = {}) =>
  () =>
    post('/', signedDelivery(body(), secret(), headers));

const github: Line = {
  authentic: each(202, 1, byGitHub()),
  forged: each(
    401,
    0,
    byGitHub(alert, () => 'another'),
  ),
  replayed: each(202, 1, byGitHub(), byGitHub()),
  malformed: each(
    400,
    0,
    byGitHub(() => alert().slice(1)),
  ),
  'too large': each(
    413,
    0,
    byGitHub(() => alert().padEnd(MEBIBYTE + 1)),
  ),
  'canary token': each(
    202,
    1,
    byGitHub(
      () => alert((whole) => Object.assign(whole.alert, { resolution_comment: leak.token })),
      undefined,
      {
        get 'x-github-delivery'() {
          return leak.token;
        },
      },
    ),
  ),
  'unknown type': each(
    204,
    0,
    byGitHub(() => alert((whole) => Object.assign(whole.alert, { secret_type: 'x' }))),
  ),
  empty: each(
    400,
    0,
    byGitHub(() => ''),
  ),
  'duplicate item': each(
    202,
    1,
    byGitHub(),
    byGitHub(undefined, undefined, { 'x-github-delivery': 'other' }),
  ),
  // Nothing of GitHub's is timed but the alert itself.
  'wrong clock': each(
    400,
    0,
    byGitHub(() => alert((whole) => Object.assign(whole.alert, { created_at: 'now' }))),
  ),
  'rotated secret': rotated(() => byGitHub(alert, () => FIRST.github)(), 202, 401),
};

// --- Standard Webhooks

interface Sent {
  readonly secret?: () => string;
  readonly timestamp?: number;
  readonly body?: string;
  readonly id?: string;
}
const byStandard =
  (
    leaks: () => unknown,
    { body, id = ID, secret = () => sandbox.standardSecret, timestamp = SECONDS }: Sent = {},
  ) =>
  () =>
    post('/leaks', standardDelivery(body ?? JSON.stringify({ leaks: leaks() }), secret(), { id, timestamp }));
const token = () => ({ token: leak.token });

const standard: Line = {
  authentic: each(
    202,
    2,
    byStandard(() => [token(), ids()]),
  ),
  forged: each(
    401,
    0,
    byStandard(() => [token()], { secret: () => otherSecrets(9).standard }),
  ),
  replayed: each(
    202,
    1,
    byStandard(() => [token()]),
    byStandard(() => [token()], { timestamp: SECONDS + 30 }),
  ),
  malformed: each(
    400,
    0,
    byStandard(() => token()),
  ),
  'too large': {
    deliveries: () => [
      [byStandard(() => [{ ...ids(), note: 'x'.repeat(MEBIBYTE) }]), 413],
      [byStandard(() => Array.from({ length: 101 }, ids)), 400],
    ],
    reports: 0,
  },
  'canary token': each(
    202,
    1,
    byStandard(() => [
      { ...token(), note: leak.token.slice(0, 40), url: `https://x/${leak.token}`, source: leak.token },
    ]),
  ),
  'unknown type': each(
    202,
    1,
    byStandard(() => [{ aws_key: 'x' }, { token: 'x' }, token()]),
  ),
  empty: {
    deliveries: () => [
      [byStandard(() => []), 400],
      [byStandard(() => [{}]), 422],
    ],
    reports: 0,
  },
  'duplicate item': each(
    202,
    1,
    byStandard(() => [token(), token()]),
  ),
  'wrong clock': each(
    401,
    0,
    byStandard(() => [token()], { timestamp: SECONDS - 301 }),
    byStandard(() => [token()], { timestamp: SECONDS + 301 }),
  ),
  'rotated secret': rotated(
    byStandard(() => [token()], { secret: () => FIRST.standard }),
    202,
    401,
  ),
};

// --- GitLab

const TYPE = 'gitleaks_rule_id_devin-api-key';
const found = () => ({
  type: TYPE,
  token: leak.token,
  location: 'https://gitlab.example.com/a/-/blob/1/x#L1',
});
const byGitLab =
  (tokens: () => unknown, secret = () => sandbox.gitlabSecret, path = '/v1/revoke_tokens') =>
  () => {
    const headers = { 'content-type': 'application/json', authorization: secret() };
    const body = path.endsWith('types') ? Buffer.alloc(0) : Buffer.from(JSON.stringify(tokens()));
    return post(path, { body, headers });
  };
const types = (secret?: () => string) => byGitLab(() => '', secret, '/v1/revocable_token_types');

const gitlab: Line = {
  authentic: {
    deliveries: () => [
      [types(), 200],
      [byGitLab(() => [{ ...found(), vulnerability: { id: 1 } }]), 204],
    ],
    reports: 1,
  },
  forged: each(
    401,
    0,
    types(() => 'another'),
    byGitLab(
      () => [found()],
      () => '',
    ),
    byGitLab(
      () => [found()],
      () => `Bearer ${sandbox.gitlabSecret}`,
    ),
  ),
  replayed: each(
    204,
    1,
    byGitLab(() => [found()]),
    byGitLab(() => [found()]),
  ),
  malformed: each(
    400,
    0,
    byGitLab(() => ({ tokens: [found()] })),
  ),
  'too large': {
    deliveries: () => [
      [byGitLab(() => [{ ...found(), location: 'x'.repeat(MEBIBYTE) }]), 413],
      [byGitLab(() => Array.from({ length: 101 }, found)), 400],
    ],
    reports: 0,
  },
  'canary token': each(
    204,
    1,
    byGitLab(() => [{ type: leak.token, token: leak.token, location: `https://x/${leak.token}` }]),
  ),
  // The others are taken, although GitLab's answer knows nothing between all and none.
  'unknown type': each(
    400,
    1,
    byGitLab(() => [{ type: 'gitleaks_rule_id_aws', token: 'AKIA' }, { type: TYPE, token: 7 }, found()]),
  ),
  empty: each(
    400,
    0,
    byGitLab(() => []),
  ),
  'duplicate item': each(
    204,
    1,
    byGitLab(() => [found(), found()]),
  ),
  // There is no clock in it.
  'wrong clock': each(204, 1, () => {
    vi.setSystemTime(NOW - 3_600_000);
    return byGitLab(() => [found()])();
  }),
  'rotated secret': rotated(
    () =>
      byGitLab(
        () => [found()],
        () => FIRST.gitlab,
      )(),
    204,
    401,
  ),
};

// --- EventBridge

const event = (detail: unknown, changes: object = {}) => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'Devin API key leaked',
  source: 'example.scanner',
  account: '123456789012',
  time: '2026-11-23T08:42:20Z',
  region: 'us-east-1',
  resources: [],
  detail,
  ...changes,
});
const byEvent =
  (detail: () => unknown, changes = {}) =>
  async () =>
    invoke(event(await detail(), changes));

const sealedFor = (report_id: string, context?: string) => async () => ({
  sealed: await sealAsSender(sandbox, leak.token, report_id, context),
});

const eventbridge: Line = {
  authentic: each('revoked', 1, byEvent(sealedFor('eventbridge/scan-1'))),
  // Who may put events is a matter of IAM; what is sealed for one report cannot be passed off as another.
  forged: {
    deliveries: () => [
      [byEvent(sealedFor('eventbridge/scan-1', 'eventbridge/scan-2')), 'DataKeyError'],
      [byEvent(sealedFor('github/acme/web/1')), 'BadEventError'],
    ],
    reports: 0,
  },
  replayed: each('revoked', 1, byEvent(ids), byEvent(ids)),
  malformed: each(
    'BadEventError',
    0,
    byEvent(() => ({ ...ids(), dryRun: true })),
  ),
  'too large': each(
    'BadEventError',
    0,
    byEvent(() => ({ token: leak.token.padEnd(8_193, 'x') })),
  ),
  'canary token': each(
    'revoked',
    1,
    byEvent(() => ({ ...token(), reason: `it is ${leak.token}` })),
  ),
  'unknown type': each(
    'BadEventError',
    0,
    byEvent(() => ({ aws_key: 'x' })),
  ),
  empty: each(
    'BadEventError',
    0,
    byEvent(() => ({})),
  ),
  // Each event is a report of its own.
  'duplicate item': {
    deliveries: () => [
      [byEvent(ids), 'revoked'],
      [byEvent(ids, { id: 'another' }), 'already_revoked'],
    ],
    reports: 2,
  },
  'wrong clock': each('BadEventError', 0, byEvent(ids, { time: 'now' })),
  'rotated secret': each('revoked', 1, async () => {
    const detail = await sealedFor('eventbridge/scan-1')();
    sandbox.kms.rotate();
    return byEvent(() => detail)();
  }),
};

// --- The queue: messages of others, as of an SNS topic

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const notified = (message: unknown, changes: object = {}) => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic',
  Subject: 'My First Message',
  Message: JSON.stringify(message),
  Timestamp: '2026-11-23T08:42:20.111Z',
  SignatureVersion: '1',
  Signature: 'EXAMPLEw6JRN…',
  SigningCertURL: 'https://sns.us-west-2.amazonaws.com/SimpleNotificationService-x.pem',
  UnsubscribeURL: 'https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe',
  ...changes,
});
const message = (body: unknown, messageId = 'm-1'): SQSRecord => sqsRecord(body, { messageId });
const byQueue =
  (...bodies: (() => unknown)[]) =>
  async () =>
    invoke(
      sqsEvent(...(await Promise.all(bodies.map(async (body, at) => message(await body(), `m-${at + 1}`))))),
    );
const taken = { batchItemFailures: [] };
const left = (...messages: string[]) => ({
  batchItemFailures: messages.map((itemIdentifier) => ({ itemIdentifier })),
});

const queue: Line = {
  authentic: each(
    taken,
    2,
    byQueue(ids, () => notified(ids())),
  ),
  forged: each(
    left('m-1', 'm-2'),
    0,
    byQueue(sealedFor('queue/scan-1', 'queue/scan-2'), sealedFor('webhook/msg_1/1')),
  ),
  replayed: each(
    taken,
    1,
    byQueue(() => notified(ids())),
    byQueue(() => notified(ids())),
  ),
  malformed: each(
    left('m-1', 'm-2', 'm-3'),
    0,
    byQueue(
      () => 'text',
      () => notified('text'),
      () => ({ ...notified(ids()), Type: 'SubscriptionConfirmation' }),
    ),
  ),
  'too large': each(
    left('m-1'),
    0,
    byQueue(() => ({ token: leak.token.padEnd(8_193, 'x') })),
  ),
  'canary token': each(
    taken,
    1,
    byQueue(() =>
      notified({ ...token(), reason: leak.token }, { Subject: leak.token, TopicArn: leak.token }),
    ),
  ),
  // Its neighbour is taken.
  'unknown type': each(
    left('m-1'),
    1,
    byQueue(() => ({ aws_key: 'x' }), ids),
  ),
  empty: each(
    left('m-1', 'm-2'),
    0,
    byQueue(
      () => ({}),
      () => notified({}),
    ),
  ),
  // SNS may deliver a notification in two messages.
  'duplicate item': each(
    taken,
    1,
    byQueue(
      () => notified(ids()),
      () => notified(ids()),
    ),
  ),
  'wrong clock': each(
    left('m-1'),
    0,
    byQueue(() => notified(ids(), { Timestamp: 'now' })),
  ),
  'rotated secret': each(taken, 1, async () => {
    const body = await sealedFor('queue/scan-1')();
    sandbox.kms.rotate();
    return byQueue(() => notified(body))();
  }),
};

const LINES = { github, webhook: standard, gitlab, eventbridge, queue } satisfies Record<Sender, Line>;
let FIRST: { github: string; gitlab: string; standard: string };

describe.each(Object.entries(LINES))('the source %s', (_name, line) => {
  test.each(CASES)('keeps the contract: %s', async (name) => {
    FIRST = {
      github: sandbox.webhookSecret,
      gitlab: sandbox.gitlabSecret,
      standard: sandbox.standardSecret,
    };
    const { deliveries, reports } = line[name];
    for (const [send, answer] of deliveries()) expect(await send()).toEqual(answer);

    const queued = sandbox.sqs.sent();
    expect(await invoke(sqsEvent(...queued.map((body, at) => message(body, `q-${at}`))))).toEqual(taken);
    const reported = outcomeRecords(sandbox).map(({ unmapped }) => Object(unmapped.report).report_id);
    expect(new Set(reported).size).toBe(reported.length);
    expect(reported).toHaveLength(reports);
    expect(sandbox.devin.isLive(leak.token)).toBe(reports === 0);
    const forms = (['utf8', 'base64', 'hex'] as const).map((form) => Buffer.from(leak.token).toString(form));
    const text = JSON.stringify([seen, queued, sandbox.s3.objects()]) + output.text();
    for (const form of forms) {
      for (let at = 8; at + 12 <= form.length; at += 4) expect(text).not.toContain(form.slice(at, at + 8));
    }
  });
});

describe('this suite', () => {
  test('has a line for every detector that sends, with every case', () => {
    const senders = LeakReport.shape.detector.options.filter(
      (name) => !NOT_SENT.some((other) => other === name),
    );
    expect(Object.keys(LINES).sort()).toEqual([...senders].sort());
    for (const line of Object.values(LINES)) expect(Object.keys(line).sort()).toEqual([...CASES].sort());
  });

  test('sends to every path that there is', async () => {
    const handler = webhook;
    const paths = new Set<string>();
    webhook = async (given, context) => {
      paths.add((given as { rawPath: string }).rawPath);
      return handler(given, context);
    };
    for (const line of Object.values(LINES)) for (const [send] of line.authentic.deliveries()) await send();
    expect([...paths].sort()).toEqual([...Object.keys(ROUTES)].sort());
  });
});
