import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { schemaFindings } from '../../cli/audit/verify/record-findings.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { takeLease } from '../../lib/aws/lease.ts';
import { s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import { leakFolder } from '../../lib/identify/search-key.ts';
import type { CreatedKey } from '../../sandbox/devin-state.ts';
import { startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';

const TAG = 'devin-key-revoker:enroll';
let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

interface StoredAs {
  as?: (token: string) => string;
  tags?: Record<string, string>;
}

/** A live key of a service user of its own, its token in a secret. */
function stored(
  name: string,
  { as = (token) => token, tags = { [TAG]: 'true' } }: StoredAs = {},
): CreatedKey {
  const key = sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id);
  sandbox.secrets.put(name, as(key.token), tags);
  return key;
}
const run = async (env: Record<string, string | undefined> = {}, event: unknown = {}) =>
  (await loadHandler('enroll', sandbox.env(env)))(event);
const registry = (): RegistryEntry[] => sandbox.s3.objects('registry/').map(({ body }) => JSON.parse(body));
const entryOf = ({ api_key_id }: CreatedKey) => registry().find((entry) => entry.api_key_id === api_key_id);
const errors = () => output.entries().filter(({ level }) => level === 'error');

describe('the function enroll', () => {
  test('enrols the tokens of tagged secrets and our own, and no other', async () => {
    const shop = stored('shop/devin');
    const untagged = stored('other', { tags: {} });
    const similar = stored('similar', { tags: { [`${TAG}ed`]: 'true' } });

    expect(await run()).toEqual({
      status: 'enrolled',
      tokens: { known: 0, enrolled: 2, undecided: 0, refused: 0, failed: 0 },
      secrets: 1,
      unreadable: 0,
    });

    expect(entryOf(shop)).toEqual({
      version: 1,
      service_user_id: shop.service_user_id,
      api_key_id: shop.api_key_id,
      confidence: 'high',
      source: 'enrolled',
      method: 'only_active_key',
      noted_at: expect.any(Number),
    });
    expect(entryOf(sandbox.admin)).toMatchObject({ source: 'own', confidence: 'high' });
    expect([untagged, similar].map(entryOf)).toEqual([undefined, undefined]);
    const read = sandbox.secrets.requests.flatMap(({ operation, secretId }) =>
      operation === 'GetSecretValue' ? [secretId] : [],
    );
    expect(new Set(read)).toEqual(new Set([sandbox.secretIds.admin, sandbox.secrets.arn('shop/devin')]));
  });

  test('reads all pages of the secrets, and a token that is in several once', async () => {
    const keys = Array.from({ length: 5 }, (_, index) => stored(`shop/${index}`));
    sandbox.secrets.put('copy', keys[0]!.token, { [TAG]: '' });

    expect(await run()).toMatchObject({ tokens: { enrolled: 6 }, secrets: 6 });
    expect(keys.map(entryOf)).not.toContain(undefined);
    expect(await run()).toMatchObject({ tokens: { enrolled: 0, known: 6 } });
  });

  test('enrols the standby token', async () => {
    const { token, ...standby } = stored('standby', { tags: {} });

    expect(await run({ STANDBY_TOKEN_SECRET_ID: 'standby' })).toMatchObject({ tokens: { enrolled: 2 } });
    expect(entryOf({ token, ...standby })).toMatchObject({ ...standby, source: 'own' });
  });

  test('goes on when a secret cannot be read, holds no token, or holds one that cannot be enrolled', async () => {
    const good = stored('good');
    const dead = stored('dead');
    sandbox.devin.revoke(dead.api_key_id);
    sandbox.secrets.put('empty', '{"password": "hunter2"}', { [TAG]: 'true' });
    sandbox.secrets.put('personal', sandbox.devin.createPersonalToken(), { [TAG]: 'true' });
    stored('forbidden');
    const forbidden = sandbox.secrets.arn('forbidden');
    sandbox.secrets.onArrival = ({ secretId }) => (secretId === forbidden ? 'hang up' : undefined);

    expect(await run()).toMatchObject({
      tokens: { enrolled: 2, refused: 2, failed: 0 },
      secrets: 5,
      unreadable: 2,
    });
    expect(entryOf(good)).toBeDefined();
    expect(errors().map(({ message, secret }) => [message, secret])).toEqual(
      expect.arrayContaining([
        ['a tagged secret holds no Devin token', 'empty'],
        ['a tagged secret cannot be read', 'forbidden'],
      ]),
    );
    expect(output.counted()).toEqual(['EnrollDone', 'EnrollFailed']);
  });

  test('reports a token whose keys Devin does not list, and raises the alarm', async () => {
    stored('good');
    sandbox.devin.fault({ path: /api-keys/, status: 403, times: Number.POSITIVE_INFINITY });

    expect(await run()).toMatchObject({ tokens: { enrolled: 0, failed: 2 } });
    expect(registry()).toEqual([]);
    expect(output.entries().find((entry) => 'EnrollFailed' in entry)).toMatchObject({
      EnrollFailed: 2,
      job: 'enroll',
    });
  });

  test('waits when a key ended a moment ago, since the token may be of that one', async () => {
    const key = stored('shop');
    const other = sandbox.devin.createKey(key.service_user_id);
    sandbox.devin.revoke(other.api_key_id);

    expect(await run()).toMatchObject({ tokens: { enrolled: 1, undecided: 1 } });
    expect(entryOf(key)).toBeUndefined();
  });

  test('replaces an entry that the listing contradicts', async () => {
    const key = stored('shop');
    await run();
    const [object] = sandbox.s3.objects('registry/').filter(({ body }) => body.includes(key.api_key_id));
    const wrong = { ...JSON.parse(object!.body), api_key_id: 'key-that-never-was', confidence: 'certain' };
    await replaceObject(object!.key, wrong);

    expect(await run()).toMatchObject({ tokens: { enrolled: 1, known: 1 } });
    expect(entryOf(key)).toMatchObject({ api_key_id: key.api_key_id });
  });

  test('leaves the keys of the only admin token to a standby token', async () => {
    sandbox.devin.createKey(sandbox.admin.service_user_id);

    expect(await run()).toMatchObject({ tokens: { undecided: 1 } });
    expect(output.text()).toContain('add a standby token');
    expect(sandbox.s3.objects('experiments/')).toEqual([]);
  });

  test('begins no experiment while a leak of the service user is searched for, or without time', async () => {
    const key = stored('shop');
    sandbox.devin.createKey(key.service_user_id);

    expect(await run()).toMatchObject({ tokens: { undecided: 1 } });
    expect(output.text()).toContain('no time left');
    output.clear();
    const search = await takeLease({ store: auditStore(), folder: leakFolder(key.service_user_id) });
    const handler = await loadHandler('enroll', sandbox.env());
    await handler({}, lambdaContext({ getRemainingTimeInMillis: () => 900_000 }));
    if (search.status === 'held') search.end();
    expect(output.text()).toContain('a leaked token of this service user is being searched for');
    expect(sandbox.s3.objects('experiments/')).toEqual([]);
  });

  test('notes nothing in a dry run', async () => {
    stored('shop');

    expect(await run({ DRY_RUN: 'true' })).toMatchObject({ tokens: { undecided: 2 } });
    expect(sandbox.s3.objects()).toEqual([]);
  });

  test('rejects an event that is neither an order nor of a schedule, before it reads anything', async () => {
    for (const event of [{ reason: '' }, { reason: 'x'.repeat(501) }, { why: 'x' }, [], 'now'])
      await expect(run({}, event)).rejects.toMatchObject({ name: 'BadEventError' });
    expect(sandbox.secrets.requests).toEqual([]);
  });

  test('fails when the secrets cannot be listed, and when its settings are wrong', async () => {
    sandbox.secrets.fault({ operation: 'ListSecrets', status: 400, times: Number.POSITIVE_INFINITY });
    await expect(run()).rejects.toMatchObject({ name: 'SecretListError' });
    await expect(run({ AUDIT_BUCKET: '' })).rejects.toMatchObject({ name: 'ConfigError' });
  });
});

describe('an enrolment by hand', () => {
  const acts = () => sandbox.s3.objects('records/');
  async function runAs(event: object, env: Record<string, string> = {}) {
    const handler = await loadHandler('enroll', sandbox.env(env));
    const clientContext = { custom: { caller: 'alice@example.com' } } as never;
    return handler(event, lambdaContext({ clientContext, awsRequestId: 'request-1' }));
  }

  test('is on record with who, when, why and which key, and is forwarded', async () => {
    const received: string[] = [];
    const siem = await startServer({
      handle: ({ body }) => {
        received.push(body.toString());
        return { status: 202 };
      },
    });
    const key = stored('shop');
    const before = Date.now();
    await runAs({ reason: 'a new shop' }, { AUDIT_HTTP_URL: siem.url });
    await siem.stop();

    expect(acts()).toHaveLength(2);
    expect(received.sort()).toEqual(
      acts()
        .map(({ body }) => body)
        .sort(),
    );
    const own = acts().find(({ key: path }) => path.includes(key.api_key_id)) ?? expect.fail('no act');
    expect(own.key).toMatch(/^records\/date=[\d-]{10}\/act\/request-1\/10-act-[^/]+\.json$/);
    expect(schemaFindings(own.key, own.body)).toEqual([]);
    expect(JSON.parse(own.body)).toMatchObject({
      actor: { invoked_by: 'console', user: { name: 'alice@example.com' } },
      api: { request: { uid: 'request-1' } },
      unmapped: {
        kind: 'act',
        act: 'enrol',
        subject: `${key.service_user_id}/${key.api_key_id}`,
        reason: 'a new shop',
      },
    });
    expect(JSON.parse(own.body).time).toBeGreaterThanOrEqual(before);
  });

  test('notes no key that cannot be put on record', async () => {
    stored('shop');
    sandbox.s3.fault({
      path: /records/,
      operation: 'PutObject',
      status: 403,
      times: Number.POSITIVE_INFINITY,
    });

    expect(await runAs({})).toMatchObject({ tokens: { enrolled: 0, failed: 2 } });
    expect(registry()).toEqual([]);
  });

  test('is not on record when nothing is noted, or when the schedule ran', async () => {
    stored('shop');
    await run({}, { scheduled_at: new Date().toISOString() });
    await runAs({});
    await runAs({}, { DRY_RUN: 'true' });

    expect(registry()).toHaveLength(2);
    expect(acts()).toEqual([]);
  });
});

describe('a token in a tagged secret', () => {
  test.each<[string, (token: string) => string]>([
    ['alone', (token) => token],
    ['with white space around it', (token) => `\n ${token}\r\n`],
    ['as our own secrets hold it', (token) => JSON.stringify({ token })],
    [
      'beside other settings',
      (token) => JSON.stringify({ url: 'https://example.com', DEVIN_API_KEY: token }),
    ],
    ['deep in JSON', (token) => JSON.stringify({ prod: [{ devin: { key: token } }] })],
    ['as a JSON string', (token) => JSON.stringify(token)],
  ])('is enrolled %s, and appears nowhere', async (_, as) => {
    const key = stored('shop', { as });

    await run();

    expect(entryOf(key)).toBeDefined();
    const everything = [
      output.text(),
      ...sandbox.s3.objects().map(({ body, key: path }) => path + body),
    ].join('\n');
    for (const part of partsOf(key.token)) expect(everything).not.toContain(part);
  });
});

describe('a token that is not enrolled', () => {
  const TOKEN = ['cog', 'abcdefghijklmnopqrstuvwxyz234567'.repeat(2).slice(0, 52)].join('_');
  test.each<[string, string, string]>([
    ['in base64', 'shop', Buffer.from(TOKEN).toString('base64')],
    ['in hex', 'shop', Buffer.from(TOKEN).toString('hex')],
    ['cut in two', 'shop', `${TOKEN.slice(0, 30)}\n${TOKEN.slice(30)}`],
    ['in JSON that is cut short', 'shop', `{"token": "${TOKEN.slice(0, 50)}`],
    ['that Devin does not know', 'shop', TOKEN],
    ['in the name of its secret', `shop/${TOKEN}`, 'hunter2'],
  ])('appears nowhere: %s', async (_, name, value) => {
    sandbox.secrets.put(name, value, { [TAG]: 'true' });

    expect(await run()).toMatchObject({ tokens: { enrolled: 1 }, secrets: 1 });

    const everything = [output.text(), ...sandbox.s3.objects().map(({ body, key }) => key + body)].join('\n');
    for (const part of partsOf(TOKEN)) expect(everything).not.toContain(part);
  });
});

/** Its parts of 8 characters, as they are, in base64 and in hex. */
function partsOf(token: string): string[] {
  const texts = [token, Buffer.from(token).toString('base64'), Buffer.from(token).toString('hex')];
  return texts.flatMap((text) => Array.from({ length: text.length - 7 }, (_, at) => text.slice(at, at + 8)));
}

const auditStore = () => s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket);

/** Puts an object instead of the one that stands. */
async function replaceObject(path: string, value: object): Promise<void> {
  const objects = s3ReplaceableObjects(awsEnvironment(sandbox.env()), sandbox.auditBucket);
  const retry = { deadline: Date.now() + 5_000 };
  const answer = await objects.get(path, retry);
  const etag = answer.ok ? answer.found?.etag : expect.fail(answer.reason);
  expect(await objects.put(path, value, etag, retry)).toMatchObject({ result: 'stored' });
}
