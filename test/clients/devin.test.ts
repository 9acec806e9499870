import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import { devinClient } from '../../lib/clients/devin.ts';
import { cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import { devinServiceUsers } from '../../lib/clients/devin-service-users.ts';
import { Token } from '../../lib/domain/token.ts';
import { type SandboxAnswer, type SandboxRequest, startServer } from '../../sandbox/http-server.ts';

const OLD = ['cog', 'OldS3cretOldS3cretOldS3cret'].join('_');
const NEW = ['cog', 'NewS3cretNewS3cretNewS3cret'].join('_');
const LEAKED = new Token(['cog', 'LeakedLeakedLeakedLeaked'].join('_'));
const USER = 'service-user-a';
const KEY = { service_user_id: USER, api_key_id: 'key-a' };

type Handle = (request: SandboxRequest) => SandboxAnswer;
let server: Awaited<ReturnType<typeof startServer>>;
let handle: Handle;
let asked: string[];
/** What the secret holds. */
let secret: string;

beforeEach(() => {
  asked = [];
  secret = OLD;
});
// One for all, since a kept connection might lead to the port of one that was stopped.
beforeAll(async () => {
  server = await startServer({
    handle: (request) => {
      asked.push(`${request.method} ${request.path}${request.query.size > 0 ? `?${request.query}` : ''}`);
      return handle(request);
    },
  });
});
afterAll(() => server.stop());

const client = (url = server.url) => {
  const admin = cachedAdminToken(async () => secret, 'admin');
  return { ...devinClient(url, admin), ...devinServiceUsers(url, admin) };
};
const once = () => ({ deadline: Date.now() + 5_000, attempts: 1 });
const answer = (status: number, body: object | string = {}): SandboxAnswer => ({ status, body });
const self = answer(200, { principal_type: 'service_user', service_user_id: USER });
const isBy = ({ headers }: SandboxRequest, token: string) => headers.authorization === `Bearer ${token}`;
const key = (api_key_id: string) => ({ api_key_id, created_at: 1, is_active: true });

describe('a probe', () => {
  test.each([
    ['200', self, 'alive'],
    ['200 of something else', answer(200, '<html>'), 'unknown'],
    ['401', answer(401), 'dead'],
    ['403', answer(403), 'unknown'],
    ['404', answer(404), 'unknown'],
    ['429', answer(429), 'unknown'],
    ['500', answer(500), 'unknown'],
    ['a redirect', { ...answer(302), headers: { location: '/v3/other' } }, 'unknown'],
  ])('that is answered %s', async (_, given, state) => {
    handle = () => given;

    expect(await client().probe(LEAKED, once())).toMatchObject({ state });
    expect(asked).toEqual(['GET /v3/self']);
  });

  test.each([
    ['with the second of the API', { date: 'Thu, 30 Jul 2026 08:26:40 GMT' }, 1_785_400_000],
    ['without a time that can be read', { date: 'soon' }, undefined],
  ])('that is answered 200 says whose the token is, %s', async (_, headers, apiSecond) => {
    handle = () => ({ ...self, headers });

    expect(await client().probe(LEAKED, once())).toEqual({
      state: 'alive',
      principal: { principal_type: 'service_user', service_user_id: USER },
      apiSecond,
    });
  });

  test('that proves nothing says what it was answered', async () => {
    handle = () => answer(403);

    expect(await client().probe(LEAKED, once())).toEqual({
      state: 'unknown',
      status: 403,
      reason: 'HTTP 403',
      isTransient: false,
    });
  });

  test.each([429, 503])('that is answered %d may show more the next time, and when', async (status) => {
    handle = () => ({ ...answer(status), headers: { 'retry-after': '7' } });

    expect(await client().probe(LEAKED, once())).toMatchObject({ isTransient: true, retryAfterMs: 7_000 });
  });

  test('that is not answered proves nothing', async () => {
    expect(await client('http://127.0.0.1:9').probe(LEAKED, once())).toEqual({
      state: 'unknown',
      reason: 'no answer (ECONNREFUSED)',
      isTransient: true,
    });
  });
});

test('a base URL that is none is an error, and no answer', async () => {
  await expect(client('no URL').probe(LEAKED, once())).rejects.toThrow(TypeError);
});

describe('the probe of the admin token', () => {
  test('that works asks for no other', async () => {
    handle = () => self;
    const devin = client();
    await devin.probeAdmin(once());
    secret = NEW;

    expect(await devin.probeAdmin(once())).toMatchObject({ state: 'alive' });
    expect(asked).toHaveLength(2);
  });

  test('reads a token that was rotated again, and shows that one alive', async () => {
    handle = (request) => (isBy(request, NEW) ? self : answer(401));
    const devin = client();
    expect(await devin.probeAdmin(once())).toMatchObject({ state: 'dead' });
    secret = NEW;

    expect(await devin.probeAdmin(once())).toMatchObject({ state: 'alive' });
  });

  test('is dead when the rotated token is refused too', async () => {
    handle = () => answer(401);
    const devin = client();
    await devin.probeAdmin(once());
    secret = NEW;

    expect(await devin.probeAdmin(once())).toEqual({ state: 'dead' });
  });
});

describe('an admin call', () => {
  test('that is answered 401 is made again with the token that was rotated in', async () => {
    handle = (request) => (isBy(request, NEW) ? answer(200, { items: [key('key-a')] }) : answer(401));
    const devin = client();
    await devin.listKeys(USER, once());
    secret = NEW;

    expect(await devin.listKeys(USER, once())).toMatchObject({ ok: true, keys: [{ api_key_id: 'key-a' }] });
  });
});

describe('an admin call', () => {
  test('that is not answered may have had its effect, and is tried again', async () => {
    expect(await client('http://127.0.0.1:9').revokeKey(KEY, once())).toEqual({
      ok: false,
      reason: 'Devin did not answer DELETE (ECONNREFUSED)',
      retryable: true,
    });
  });

  test('without the admin token fails as that', async () => {
    const broken = new SecretError('admin', 'unavailable', 'is down');
    const read = () => Promise.reject(broken);

    await expect(
      devinClient(server.url, cachedAdminToken(read, 'admin')).listKeys(USER, once()),
    ).rejects.toBe(broken);
  });

  test.each<[number, SandboxAnswer, object]>([
    [401, answer(401), { reason: expect.stringContaining('store a live one'), retryable: true }],
    [
      403,
      answer(403),
      { reason: expect.stringContaining('ManageAccountServiceUsers (HTTP 403)'), retryable: false },
    ],
    [
      404,
      answer(404),
      { reason: expect.stringContaining('does not know this service user'), retryable: false },
    ],
    [418, answer(418), { reason: 'Devin answered GET with HTTP 418', retryable: false }],
    [429, { ...answer(429), headers: { 'retry-after': '7' } }, { retryable: true, retryAfterMs: 7_000 }],
    [503, { ...answer(503), headers: { 'retry-after': '7' } }, { retryable: true, retryAfterMs: undefined }],
  ])('that is answered %i says what to do', async (status, given, expected) => {
    handle = () => given;

    expect(await client().listKeys(USER, once())).toEqual({
      ok: false,
      status,
      reason: `Devin answered GET with HTTP ${status}`,
      ...expected,
    });
  });

  const wrong = (field: string) => ({ loc: ['query', field, 0], msg: `bad ${LEAKED.reveal()}` });
  test.each<[string, object | string, string]>([
    [
      'names each wrong field, without a token',
      { detail: [wrong('a'), wrong('b')] },
      ': query.a.0: bad [redacted]; query.b.0: bad [redacted]',
    ],
    [
      'names ten fields at most',
      { detail: Array(11).fill({ loc: ['a'], msg: 'b' }) },
      `: ${Array(10).fill('a: b').join('; ')}`,
    ],
    ['names none where there is none', { detail: [] }, ''],
    ['names none of another shape', { detail: 'bad' }, ''],
    ['names none of what is no JSON', '<html>', ''],
  ])('that is answered 422 %s', async (_, body, names) => {
    handle = () => answer(422, body);

    expect(await client().listKeys(USER, once())).toMatchObject({
      status: 422,
      reason: `Devin rejects the request (HTTP 422)${names}`,
      retryable: false,
    });
  });
});

describe('a DELETE', () => {
  test.each([
    [200, { ok: true, answer: 'revoked', status: 200, uncertain: false }],
    [409, { ok: true, answer: 'already_revoked', status: 409, uncertain: false }],
    [404, { ok: true, answer: 'not_found', status: 404, uncertain: false }],
    [204, { ok: false, status: 204, retryable: false }],
    [400, { ok: false, status: 400, retryable: false }],
    [401, { ok: false, status: 401, retryable: true }],
    [403, { ok: false, status: 403, retryable: false }],
    [422, { ok: false, status: 422, retryable: false }],
    [429, { ok: false, status: 429, retryable: true }],
    [503, { ok: false, status: 503, retryable: true }],
  ])('that is answered %i', async (status, expected) => {
    handle = () => answer(status, { api_key_id: KEY.api_key_id });

    expect(await client().revokeKey(KEY, once())).toMatchObject(expected);
    expect(new Set(asked)).toEqual(
      new Set([`DELETE /v3beta1/enterprise/service-users/${USER}/api-keys/key-a`]),
    );
  });

  test.each<[string, object | string]>([
    ['an HTML page', '<html>'],
    ['nothing', {}],
    ['another key', { api_key_id: 'key-b' }],
  ])('that is answered 200 with %s claims nothing', async (_, body) => {
    handle = () => answer(200, body);

    // Without a status: it is not known whether the key was revoked.
    expect(await client().revokeKey(KEY, once())).toEqual({
      ok: false,
      reason: 'Devin answered DELETE with HTTP 200 and a body that is not the documented JSON',
      retryable: true,
    });
  });

  test.each([422, 400, 403, 404, 409])('that is answered %i is not repeated', async (status) => {
    handle = () => answer(status);
    await client().revokeKey(KEY, { deadline: Date.now() + 5_000 });

    expect(asked).toHaveLength(1);
  });

  test.each([
    ['a 500', 500, true],
    ['a 429', 429, false],
  ])('after %s may have had its effect before: %s', async (_, status, uncertain) => {
    handle = () => answer(asked.length === 1 ? status : 409);

    expect(await client().revokeKey(KEY, { deadline: Date.now() + 5_000 })).toMatchObject({
      answer: 'already_revoked',
      uncertain,
    });
  });

  test('that is refused after a 500 may have had its effect before', async () => {
    handle = () => answer(asked.length === 1 ? 500 : 403);

    expect(await client().revokeKey(KEY, { deadline: Date.now() + 5_000 })).toMatchObject({
      ok: false,
      status: 403,
      uncertain: true,
    });
  });

  test.each([
    { ...KEY, service_user_id: 'service-user-../..' },
    { ...KEY, service_user_id: 'user-a' },
    { ...KEY, api_key_id: '..' },
    { ...KEY, api_key_id: 'a?b#c' },
    { ...KEY, api_key_id: 'a/b' },
  ])('of an id that means something in a path is not sent: %o', async (given) => {
    handle = () => answer(200);

    expect(await client().revokeKey(given, once())).toMatchObject({ ok: false, retryable: false });
    expect(asked).toEqual([]);
  });
});

describe('the keys of a service user', () => {
  const list = `GET /v3beta1/enterprise/service-users/${USER}/api-keys?status=all`;

  test('are those of all pages', async () => {
    handle = ({ query }) =>
      query.get('after') === null
        ? answer(200, { items: [key('key-a')], has_next_page: true, end_cursor: 'a&b', total: 2 })
        : answer(200, { items: [key('key-b')], has_next_page: false, total: 2 });

    const listing = await client().listKeys(USER, once());

    expect(listing).toMatchObject({ ok: true, keys: [{ api_key_id: 'key-a' }, { api_key_id: 'key-b' }] });
    expect(asked).toEqual([list, `${list}&after=a%26b`]);
  });

  test('are not known without an answer', async () => {
    expect(await client('http://127.0.0.1:9').listKeys(USER, once())).toEqual({
      ok: false,
      reason: 'Devin did not answer GET (ECONNREFUSED)',
      retryable: true,
    });
  });

  test('are not known when a later page is refused', async () => {
    handle = ({ query }) =>
      query.get('after') === null
        ? answer(200, { items: [key('key-a')], has_next_page: true, end_cursor: 'a' })
        : answer(503);

    expect(await client().listKeys(USER, once())).toMatchObject({ ok: false, status: 503, retryable: true });
  });

  const cutOff = { items: [], has_next_page: true };
  test.each<[string, object | string, string]>([
    [
      'breaks off',
      cutOff,
      "Devin's key listing is incomplete: it promises a next page and does not say where",
    ],
    ['is not one', '<html>', 'Devin answered GET with HTTP 200 and a body that is not the documented JSON'],
  ])('are not known when the listing %s', async (_, body, reason) => {
    handle = () => answer(200, body);

    expect(await client().listKeys(USER, once())).toMatchObject({
      ok: false,
      incomplete: true,
      reason,
      retryable: true,
    });
    expect(asked).toEqual([list]);
  });

  test('are read three times at most', async () => {
    handle = () => answer(200, cutOff);
    await client().listKeys(USER, { deadline: Date.now() + 5_000, attempts: 9 });

    expect(asked).toHaveLength(3);
  });

  test('are read once more only when the listing is incomplete', async () => {
    handle = () => answer(403);
    await client().listKeys(USER, { deadline: Date.now() + 5_000 });

    expect(asked).toHaveLength(1);
  });

  test('are not known when the listing does not end', async () => {
    handle = () => answer(200, { items: [], has_next_page: true, end_cursor: String(asked.length) });

    expect(await client().listKeys(USER, once())).toMatchObject({ ok: false, incomplete: true });
    expect(asked).toHaveLength(1_000);
  });

  test('come with the second of the API', async () => {
    const headers = { date: 'Thu, 30 Jul 2026 08:26:40 GMT' };
    handle = () => ({ ...answer(200, { items: [] }), headers });

    expect(await client().listKeys(USER, once())).toEqual({ ok: true, keys: [], apiSecond: 1_785_400_000 });
  });

  test('are read again when the listing is incomplete', async () => {
    handle = () =>
      answer(200, asked.length === 1 ? { items: [], has_next_page: true } : { items: [key('key-a')] });

    expect(await client().listKeys(USER, { deadline: Date.now() + 5_000 })).toMatchObject({ ok: true });
    expect(asked).toEqual([list, list]);
  });

  test.each(['service-user-../..', 'a', ''])(
    'of an id that is not one are not asked for: "%s"',
    async (id) => {
      handle = () => answer(200);

      expect(await client().listKeys(id, once())).toMatchObject({ ok: false, retryable: false });
      expect(asked).toEqual([]);
    },
  );

  test('have names that hold no token', async () => {
    const name = `ci ${LEAKED.reveal()}`;
    handle = () => answer(200, { items: [{ ...key('key-a'), api_key_name: name }] });

    expect(JSON.stringify(await client().listKeys(USER, once()))).not.toContain('LeakedLeaked');
  });
});

describe('a page of service users', () => {
  const list = 'GET /v3/enterprise/members/service-users?first=200&include_inactive=true';
  const dated = { date: 'Thu, 30 Jul 2026 08:26:40 GMT' };
  const date = Date.parse(dated.date);
  const users = [{ service_user_id: USER, name: 'ci' }];

  test.each<[string, object | string, object]>([
    ['ends', { items: users, total: 1 }, { ok: true, users, next: null, total: 1, date }],
    [
      'goes on',
      { items: [], has_next_page: true, end_cursor: 'a' },
      { ok: true, users: [], next: 'a', total: undefined, date },
    ],
    [
      'ends though it names a cursor',
      { items: [], end_cursor: 'a' },
      { ok: true, users: [], next: null, total: undefined, date },
    ],
  ])('%s', async (_, body, expected) => {
    handle = () => ({ ...answer(200, body), headers: dated });

    expect(await client().listServiceUsers(null, once())).toEqual(expected);
    expect(asked).toEqual([list]);
  });

  test.each<[string, number, object | string, object]>([
    ['is cut off', 200, { items: [], has_next_page: true }, { status: 200, retryable: true }],
    ['is not one', 200, '<html>', { status: 200, retryable: true }],
    [
      'is forbidden',
      403,
      {},
      { status: 403, retryable: false, reason: expect.stringContaining('ViewAccountMembership (HTTP 403)') },
    ],
    ['is refused', 503, {}, { status: 503, retryable: true }],
    ['is not asked for as it should be', 400, {}, { status: 400, retryable: false }],
  ])('%s', async (_, status, body, expected) => {
    handle = () => answer(status, body);

    expect(await client().listServiceUsers(null, once())).toMatchObject({ ok: false, ...expected });
  });

  test('that is not answered is tried again', async () => {
    expect(await client('http://127.0.0.1:9').listServiceUsers(null, once())).toMatchObject({
      ok: false,
      retryable: true,
    });
  });

  test('follows the one before, and has no time where none can be read', async () => {
    handle = () => ({ ...answer(200, { items: [] }), headers: { date: 'soon' } });

    expect(await client().listServiceUsers('a&b', once())).toMatchObject({ ok: true, date: undefined });
    expect(asked).toEqual([`${list}&after=a%26b`]);
  });
});
