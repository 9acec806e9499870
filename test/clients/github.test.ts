import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { githubClient } from '../../lib/clients/github.ts';
import { githubAlertList } from '../../lib/clients/github-alert-list.ts';
import { GitHubRefusedError } from '../../lib/clients/github-refusal.ts';
import type { GitHubToken } from '../../lib/clients/github-token.ts';
import { Token } from '../../lib/domain/token.ts';
import { restAlert, type StoredAlert } from '../../sandbox/github-shapes.ts';
import {
  type SandboxAnswer,
  type SandboxRequest,
  type SandboxServer,
  startServer,
} from '../../sandbox/http-server.ts';

const SECRET = 'the leaked value';
const NOW = Date.UTC(2026, 10, 23, 8, 42, 22);
const ref = { owner: 'acme', repo: 'webshop', number: 7 };
const PATH = '/repos/acme/webshop/secret-scanning/alerts/7';
const BY_ID = '/repositories/1296269/secret-scanning/alerts/7';
const stored: StoredAlert = {
  sequence: 1,
  ...ref,
  secret: SECRET,
  secret_type: 'devin_api_key',
  is_base64_encoded: false,
  validity: 'active',
  publicly_leaked: false,
  // As the answer to a change shows it; what is read may be in any state.
  state: 'resolved',
  resolution: null,
  resolution_comment: null,
  resolved_at: null,
  created_at: '2026-11-23T08:42:00Z',
  updated_at: '2026-11-23T08:42:20Z',
};
const whole = { status: 200, body: restAlert(stored) };
const alert = { state: 'resolved', secret: new Token(SECRET), created_at: Date.parse(stored.created_at) };

let github: SandboxServer;
let requests: SandboxRequest[];
/** The answer to a request; a test puts its own in place. */
let answer: (request: SandboxRequest) => SandboxAnswer;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  requests = [];
  answer = () => whole;
  github = await startServer({
    handle: (request) => {
      requests.push(request);
      return answer(request);
    },
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await github.stop();
});

const token: GitHubToken = { get: async () => new Token('x'), forget: () => {} };
const client = (base = github.url) => githubClient(base, token);
const retry = () => ({ deadline: Date.now() + 20_000 });
const get = (base?: string) => client(base).getAlert(ref, retry());
const resolve = (base?: string, comment = 'dead') => client(base).resolveAlert(ref, comment, retry());
const list = () =>
  githubAlertList(github.url, token).listOpenAlerts(
    { org: 'acme', secretTypes: ['a'], after: undefined },
    retry(),
  );
const asked = () => requests.map(({ method, path }) => `${method} ${path}`);
/** Put together here, so that no scanner takes this file for a leak. */
const leaked = ['cog', 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst'].join('_');

describe('an alert', () => {
  test('is read with its secret', async () => {
    expect(await get()).toEqual({ ok: true, alert });
    expect(asked()).toEqual([`GET ${PATH}`]);
  });

  test('is resolved with a comment, from which tokens are taken out', async () => {
    expect(await resolve(undefined, `dead: ${leaked}`)).toEqual({ ok: true });
    expect(requests.map(({ body }) => JSON.parse(body.toString()))).toEqual([
      {
        state: 'resolved',
        resolution: 'revoked',
        resolution_comment: 'dead: [redacted]',
        validity: 'inactive',
      },
    ]);
  });

  test('is resolved without its validity where GitHub refuses that', async () => {
    answer = ({ body }) => (JSON.parse(body.toString()).validity !== undefined ? { status: 422 } : whole);
    expect(await resolve()).toEqual({ ok: true });
    expect(requests.map(({ body }) => JSON.parse(body.toString()))).toEqual([
      { state: 'resolved', resolution: 'revoked', resolution_comment: 'dead', validity: 'inactive' },
      { state: 'resolved', resolution: 'revoked', resolution_comment: 'dead' },
    ]);
  });
});

describe('an alert that is read', () => {
  const read = async (body: object | string) => {
    answer = () => ({ status: 200, body });
    return get();
  };
  const known = { state: 'open', secret: SECRET };

  test.each<[string, object | string, object]>([
    [
      'has its secret decoded where that is encoded',
      { ...known, secret: Buffer.from(SECRET).toString('base64'), is_base64_encoded: true },
      { state: 'open', secret: new Token(SECRET) },
    ],
    [
      'may be of an unknown encoding',
      { ...known, is_base64_encoded: null },
      { state: 'open', secret: new Token(SECRET) },
    ],
    ['may be without its secret', { state: 'open' }, { state: 'open' }],
    ['may be without a time', { ...known, created_at: 'soon' }, { state: 'open', secret: new Token(SECRET) }],
  ])('%s', async (_, body, expected) => {
    const result = await read(body);

    expect(result).toStrictEqual({ ok: true, alert: expected });
    expect(result.ok && result.alert.secret?.reveal()).toBe('secret' in expected ? SECRET : undefined);
  });

  test.each<[string, object | string]>([
    ['a page of something in between', '<html>'],
    ['without a state', { secret: SECRET }],
  ])('is none where the answer is %s', async (_, body) => {
    expect(await read(body)).toEqual({
      ok: false,
      reason: 'GitHub answered with a body that is not the documented JSON',
      retryable: true,
    });
  });

  test('goes by the id of its repository where its name must not be sent', async () => {
    await client().getAlert({ ...ref, repository_id: 1_296_269 }, retry());

    expect(asked()).toEqual([`GET ${BY_ID}`]);
  });
});

describe('an alert that is resolved already', () => {
  const isChange = ({ method }: SandboxRequest) => method === 'PATCH';

  test('is resolved, though GitHub refuses to do it again', async () => {
    answer = (request) => (isChange(request) ? { status: 400 } : whole);

    expect(await resolve()).toEqual({ ok: true });
    expect(asked()).toEqual([`PATCH ${PATH}`, `GET ${PATH}`]);
  });

  test('is not what an open one is, whose comment is refused: that is resolved without it', async () => {
    const open = { status: 200, body: restAlert({ ...stored, state: 'open' }) };
    answer = (request) => {
      if (!isChange(request)) return open;
      return 'resolution_comment' in JSON.parse(request.body.toString()) ? { status: 400 } : whole;
    };

    expect(await resolve()).toEqual({ ok: true });
    expect(JSON.parse(requests.at(-1)?.body.toString() ?? '')).toEqual({
      state: 'resolved',
      resolution: 'revoked',
    });
  });

  test('is not known to be when it cannot be read either', async () => {
    answer = (request) => ({ status: isChange(request) ? 400 : 404 });

    expect(await resolve()).toMatchObject({ ok: false, reason: 'GitHub answered PATCH with HTTP 400' });
  });

  test('is opened again', async () => {
    answer = () => ({ status: 200, body: restAlert({ ...stored, state: 'open' }) });

    expect(await client().reopenAlert(ref, retry())).toEqual({ ok: true });
    expect(asked()).toEqual([`PATCH ${PATH}`]);
    expect(requests.map(({ body }) => JSON.parse(body.toString()))).toEqual([{ state: 'open' }]);
  });
});

describe('a refusal', () => {
  const change = 'GitHub refuses to close the alert (HTTP 403)';
  test.each<[string, number, () => Promise<unknown>, string, boolean]>([
    ['of the token', 401, get, 'GitHub does not accept the token (HTTP 401)', true],
    ['of a look', 403, get, 'GitHub refuses (HTTP 403): the permission', false],
    ['of a change', 403, resolve, change, false],
    ['to open it again', 403, () => client().reopenAlert(ref, retry()), change, false],
    ['of what is not there', 404, get, 'GitHub does not show this alert (HTTP 404)', false],
    ['of a change of such a state', 422, resolve, 'GitHub rejects the change (HTTP 422)', false],
    ['of another kind', 418, get, 'GitHub answered GET with HTTP 418', false],
    ['of a list', 404, list, 'GitHub does not show this alert (HTTP 404)', false],
  ])('%s says why', async (_, status, call, reason, retryable) => {
    answer = () => ({ status });

    expect(await call()).toEqual({ ok: false, reason: expect.stringContaining(reason), retryable });
  });

  test('of the token is asked for again with a fresh one', async () => {
    const steps: string[] = [];
    let current = 'old';
    const rotating: GitHubToken = {
      get: async (deadline) => {
        steps.push(`get ${deadline - NOW}`);
        return new Token(current);
      },
      forget: () => {
        steps.push('forget');
        current = 'new';
      },
    };
    answer = ({ headers }) => (headers.authorization === 'Bearer new' ? whole : { status: 401 });

    expect(await githubClient(github.url, rotating).getAlert(ref, retry())).toEqual({ ok: true, alert });
    expect(steps).toEqual(['get 20000', 'forget', 'get 20000']);
  });

  test('of the token twice is not asked for a third time', async () => {
    answer = () => ({ status: 401 });
    await get();

    expect(requests).toHaveLength(2);
  });

  test('of the token of an App is that of the alert, with its time', async () => {
    const refusal = { ok: false, reason: 'used up', retryable: true, retryAt: NOW } as const;
    const limited = { ...token, get: () => Promise.reject(new GitHubRefusedError(refusal)) };
    const broken = { ...token, get: () => Promise.reject(new TypeError('a bug')) };

    expect(await githubClient(github.url, limited).getAlert(ref, retry())).toEqual(refusal);
    expect(await githubClient(github.url, limited).reopenAlert(ref, retry())).toEqual(refusal);
    await expect(githubClient(github.url, broken).getAlert(ref, retry())).rejects.toThrow(TypeError);
  });

  test('is what no answer is', async () => {
    expect(await client('http://127.0.0.1:9').getAlert(ref, { ...retry(), attempts: 1 })).toEqual({
      ok: false,
      reason: 'GitHub did not answer GET (ECONNREFUSED)',
      retryable: true,
    });
  });
});

test('a look has no body, and a change is JSON', async () => {
  await get();
  await resolve();

  const [look, changed] = requests;
  expect(look?.headers).not.toHaveProperty('content-type');
  expect(look?.headers).toMatchObject({ authorization: 'Bearer x', accept: 'application/vnd.github+json' });
  expect(changed?.headers).toMatchObject({ 'content-type': 'application/json' });
});

describe('an alert whose change is answered 200', () => {
  test.each<[string, SandboxAnswer]>([
    ['a page of something in between', { status: 200, body: '<html>One moment, please</html>' }],
    ['the alert as it was', { status: 200, body: restAlert({ ...stored, state: 'open' }) }],
  ])('is not taken for resolved where the answer is %s', async (_title, given) => {
    answer = () => given;
    expect(await resolve()).toMatchObject({ ok: false, retryable: true });
  });

  test('is not taken for open again where the answer is no alert', async () => {
    answer = () => ({ status: 200, body: '<html>' });

    expect(await client().reopenAlert(ref, retry())).toMatchObject({ ok: false, retryable: true });
  });

  test('is not taken for open again where the answer shows it resolved', async () => {
    expect(await client().reopenAlert(ref, retry())).toMatchObject({ ok: false, retryable: true });
  });
});

describe('a repository that was renamed', () => {
  const renamed = { status: 200, body: restAlert({ ...stored, owner: 'acme-inc', repo: 'shop' }) };
  const movedTo = { owner: 'acme-inc', repo: 'shop' };
  const longNumbered = { status: 200, body: restAlert({ ...stored, ...movedTo, number: 42 }) };
  const redirecting =
    (location: string, status = 301, after: SandboxAnswer = renamed) =>
    ({ path }: SandboxRequest): SandboxAnswer =>
      path === PATH ? { status, headers: { location } } : after;

  test.each([301, 302, 307, 308])('is followed by its id when GitHub answers %i', async (status) => {
    answer = redirecting(`${github.url}${BY_ID}`, status);
    expect(await get()).toEqual({ ok: true, alert: { ...alert, movedTo } });
    expect(await resolve()).toEqual({ ok: true, movedTo });
    expect(asked()).toEqual([`GET ${PATH}`, `GET ${BY_ID}`, `PATCH ${PATH}`, `PATCH ${BY_ID}`]);
    const [, , first, second] = requests;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers).toEqual(first?.headers);
  });

  test('is followed for a change without the validity too', async () => {
    answer = ({ body, path }) => {
      if (path === PATH) return { status: 307, headers: { location: BY_ID } };
      return JSON.parse(body.toString()).validity !== undefined ? { status: 422 } : renamed;
    };
    expect(await resolve()).toEqual({ ok: true, movedTo });
    expect(requests).toHaveLength(4);
  });

  test('is followed under the path of a GitHub server', async () => {
    const base = `${github.url}/api/v3`;
    answer = ({ path }) =>
      path === `/api/v3${PATH}` ? { status: 301, headers: { location: `${base}${BY_ID}` } } : renamed;
    expect(await get(base)).toEqual({ ok: true, alert: { ...alert, movedTo } });
    expect(asked()).toEqual([`GET /api/v3${PATH}`, `GET /api/v3${BY_ID}`]);
  });

  test.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['its id', `https://api.github.com${BY_ID}`],
    ['a hostile name', 'https://api.github.com/repos/../x/secret-scanning/alerts/7'],
    ['a token', `https://api.github.com/repos/acme/${leaked}/secret-scanning/alerts/7`],
    ['something that is no URL', '/repos/acme inc/shop/secret-scanning/alerts/7'],
    ['a part of it', 'https://api.github.com/repos/acme/shop/secret-scanning/alerts/7/locations'],
  ])('has no known name where the URL of the alert is %s', async (_title, url) => {
    answer = redirecting(BY_ID, 301, { status: 200, body: { ...restAlert(stored), url } });
    expect(await get()).toStrictEqual({ ok: true, alert });
    expect(await resolve()).toStrictEqual({ ok: true });
    expect(requests).toHaveLength(4);
  });

  const reason = 'GitHub redirects to another place than this alert (HTTP 301), which is not followed';
  const port = () => new URL(github.url).port;
  test.each<[string, () => string | undefined]>([
    ['no place', () => undefined],
    ['another host', () => `http://localhost:${port()}${BY_ID}`],
    ['another scheme', () => `https://127.0.0.1:${port()}${BY_ID}`],
    ['another port', () => `http://127.0.0.1:1${BY_ID}`],
    ['a host that begins as ours does', () => `http://127.0.0.1:${port()}@localhost${BY_ID}`],
    ['a host without a scheme', () => `//localhost${BY_ID}`],
    ['another path', () => '/user'],
    ['a path that leaves it', () => `/repositories/1/../../user`],
    ['a path that leaves it, encoded', () => `/repositories/1/secret-scanning/alerts/%2e%2e/7`],
    ['the same name', () => PATH],
    ['another name', () => PATH.replace('webshop', 'shop')],
    ['another alert', () => BY_ID.replace(/7$/, '8')],
    ['an id that is no number', () => BY_ID.replace('1296269', 'x')],
    ['a part of it', () => `${BY_ID}/locations`],
    ['a path that ends as it does', () => `/x${BY_ID}`],
    ['a query', () => `${BY_ID}?hide_secret=true`],
    ['something that is no URL', () => 'http://['],
  ])('is not followed to %s', async (_title, location) => {
    const to = location();
    answer = () => ({ status: 301, ...(to !== undefined && { headers: { location: to } }) });
    const refused = { ok: false, reason, retryable: false };
    expect(await get()).toEqual(refused);
    expect(await resolve()).toEqual(refused);
    expect(asked()).toEqual([`GET ${PATH}`, `PATCH ${PATH}`]);
  });

  test('is followed to an alert of any number', async () => {
    const [path, byId] = [PATH, BY_ID].map((one) => one.replace(/7$/, '42'));
    answer = (request) =>
      request.path === path ? { status: 301, headers: { location: byId ?? '' } } : longNumbered;

    expect(await client().getAlert({ ...ref, number: 42 }, retry())).toMatchObject({
      ok: true,
      alert: { movedTo },
    });
    expect(asked()).toEqual([`GET ${path}`, `GET ${byId}`]);
  });

  test('is not there when the redirect leads to no answer', async () => {
    answer = redirecting(BY_ID);
    const once = { deadline: Date.now() + 20_000, attempts: 1 };
    github.fault({ status: 301, headers: { location: BY_ID } });
    github.fault({ reset: 'before' });

    expect(await client().getAlert(ref, once)).toMatchObject({
      ok: false,
      reason: 'GitHub did not answer GET (ECONNRESET)',
    });
  });

  test('is followed once', async () => {
    answer = () => ({ status: 301, headers: { location: BY_ID } });
    expect(await get()).toEqual({ ok: false, reason, retryable: false });
    expect(asked()).toEqual([`GET ${PATH}`, `GET ${BY_ID}`]);
  });

  test('is followed outside of the base path by no server', async () => {
    answer = () => ({ status: 301, headers: { location: `${github.url}${BY_ID}` } });
    expect(await get(`${github.url}/api/v3`)).toEqual({ ok: false, reason, retryable: false });
    answer = () => ({ status: 301, headers: { location: `/api/v4${BY_ID}` } });
    expect(await get(`${github.url}/api/v3`)).toEqual({ ok: false, reason, retryable: false });
    expect(requests).toHaveLength(2);
  });

  test('is refused as any other when it is not there', async () => {
    answer = redirecting(BY_ID, 301, { status: 404 });
    expect(await get()).toMatchObject({ ok: false, reason: expect.stringContaining('HTTP 404') });
  });
});

describe("GitHub's rate limit", () => {
  const inSeconds = (seconds: number) => String(NOW / 1_000 + seconds);
  const used = { 'x-ratelimit-remaining': '0' };
  const secondary = { body: { message: 'You have exceeded a secondary rate limit.' } };

  test.each<[string, SandboxAnswer, number]>([
    ['403, used up', { status: 403, headers: { ...used, 'x-ratelimit-reset': inSeconds(1_800) } }, 1_800],
    ['429, used up', { status: 429, headers: { ...used, 'x-ratelimit-reset': inSeconds(1_800) } }, 1_800],
    ['403 with Retry-After', { status: 403, headers: { 'retry-after': '60' } }, 60],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '2' } }, 2],
    [
      '429 with Retry-After as a date',
      { status: 429, headers: { 'retry-after': new Date(NOW + 90_000).toUTCString() } },
      90,
    ],
    ['403, used up, without a time', { status: 403, headers: used }, 60],
    ['403, used up until no time', { status: 403, headers: { ...used, 'x-ratelimit-reset': 'soon' } }, 60],
    [
      '403, used up until the past',
      { status: 403, headers: { ...used, 'x-ratelimit-reset': inSeconds(-9) } },
      1,
    ],
    [
      '403, used up until the far future',
      { status: 403, headers: { ...used, 'x-ratelimit-reset': '9e15' } },
      3_600,
    ],
    ['403 of the secondary limit without a time', { status: 403, ...secondary }, 60],
    ['429 of the secondary limit without a time', { status: 429, ...secondary }, 60],
  ])('is a refusal with the time to come back, after one request: %s', async (_title, limited, seconds) => {
    answer = () => limited;
    const refused = {
      ok: false,
      reason: `GitHub's rate limit is used up (HTTP ${limited.status})`,
      retryable: true,
      retryAt: NOW + seconds * 1_000,
    };
    for (const call of [get, resolve, list]) {
      requests = [];
      expect(await call()).toEqual(refused);
      expect(requests).toHaveLength(1);
    }
  });

  test('without a time is asked again as long as there is time, and then has a minute', async () => {
    vi.useRealTimers();
    answer = () => ({ status: 429, headers: { 'x-ratelimit-remaining': '4999' } });
    const from = Date.now();
    const refused = await client().getAlert(ref, { deadline: from + 5_000, attempts: 3 });
    expect(refused).toMatchObject({ ok: false, retryable: true, retryAt: expect.any(Number) });
    expect(requests).toHaveLength(3);
    expect(Object.values(refused).at(-1)).toBeGreaterThanOrEqual(from + 60_000);
  });

  test('is met after a redirect too', async () => {
    answer = ({ path }) =>
      path === PATH
        ? { status: 301, headers: { location: BY_ID } }
        : { status: 429, headers: { 'retry-after': '9' } };
    expect(await get()).toMatchObject({ ok: false, retryAt: NOW + 9_000 });
  });

  test('is not what a missing permission is', async () => {
    answer = () => ({ status: 403, headers: { 'x-ratelimit-remaining': '4999' } });
    for (const call of [get, resolve]) {
      const refused = await call();
      expect(refused).toMatchObject({
        ok: false,
        retryable: false,
        reason: expect.stringContaining('HTTP 403'),
      });
      expect(refused).not.toHaveProperty('retryAt');
    }
  });

  test('is not what a busy GitHub is: that is asked again', async () => {
    vi.useRealTimers();
    github.fault({ status: 503, headers: { 'retry-after': '0' } });
    github.fault({ status: 429, headers: { 'x-ratelimit-remaining': '4999' } });
    expect(await get()).toEqual({ ok: true, alert });
    expect(github.requests).toHaveLength(3);
  });
});
