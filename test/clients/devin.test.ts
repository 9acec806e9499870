import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { devinClient } from '../../lib/clients/devin.ts';
import { cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
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

const client = (url = server.url) =>
  devinClient(
    url,
    cachedAdminToken(async () => secret, 'admin'),
  );
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

  test('that is not answered proves nothing', async () => {
    expect(await client('http://127.0.0.1:9').probe(LEAKED, once())).toEqual({
      state: 'unknown',
      reason: 'no answer (ECONNREFUSED)',
      isTransient: true,
    });
  });
});

describe('the probe of the admin token', () => {
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

    expect(await client().revokeKey(KEY, once())).toMatchObject({ ok: false, retryable: true });
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

  test('are not known when a later page is refused', async () => {
    handle = ({ query }) =>
      query.get('after') === null
        ? answer(200, { items: [key('key-a')], has_next_page: true, end_cursor: 'a' })
        : answer(503);

    expect(await client().listKeys(USER, once())).toMatchObject({ ok: false, status: 503, retryable: true });
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
  test.each([
    ['ends', { items: [] }, { ok: true, next: null }],
    ['goes on', { items: [], has_next_page: true, end_cursor: 'a' }, { ok: true, next: 'a' }],
    ['is cut off', { items: [], has_next_page: true }, { ok: false, retryable: true }],
    ['is not one', '<html>', { ok: false, retryable: true }],
  ])('%s', async (_, body, expected) => {
    handle = () => answer(200, body);

    expect(await client().listServiceUsers(null, once())).toMatchObject(expected);
  });
});
