import { createHmac, createSign } from 'node:crypto';
import { verify } from '@octokit/webhooks-methods';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AlertName, type GitHub, signedDelivery, startGitHub } from '../../sandbox/github.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';

let github: GitHub;
let alert: AlertName;
const secret = 'the leaked value';

beforeEach(async () => {
  github = await startGitHub();
  alert = github.createAlert({ owner: 'Acme', repo: 'webshop', secret });
});

afterEach(() => github.stop());

const call = (method: string, path: string, body?: unknown, token = github.token) =>
  fetch(`${github.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'test' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const path = '/repos/acme/webshop/secret-scanning/alerts/1';
const patch = (body: unknown) => call('PATCH', path, body);
const stored = () => github.alert('acme', 'webshop', 1);

describe('an alert', () => {
  test('is read with its secret and its locations', async () => {
    const answer = await call('GET', path);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('14999');
    expect(await answer.json()).toMatchObject({ number: 1, state: 'open', secret, is_base64_encoded: false });
    expect(await (await call('GET', `${path}/locations`)).json()).toMatchObject([{ type: 'commit' }]);
  });

  test('is hidden from strangers and without access', async () => {
    expect((await call('GET', path, undefined, 'wrong')).status).toBe(401);
    expect((await call('GET', path.replace('/1', '/2'))).status).toBe(404);
    github.inaccessible.add('acme/webshop');
    expect((await call('GET', path)).status).toBe(404);
  });
});

describe('a change of an alert', () => {
  const resolved = { state: 'resolved', resolution: 'revoked' };

  test('resolves it with a comment and a validity', async () => {
    const answer = await patch({ ...resolved, resolution_comment: 'dead', validity: 'inactive' });
    expect(answer.status).toBe(200);
    const expected = { ...resolved, resolution_comment: 'dead', validity: 'inactive' };
    expect(await answer.json()).toMatchObject(expected);
    expect(stored()).toMatchObject({ ...expected, resolved_by: { login: 'security-manager' } });
  });

  test('is accepted again, but leaves the first comment', async () => {
    await patch({ ...resolved, resolution_comment: 'first' });
    expect((await patch({ ...resolved, resolution_comment: 'second' })).status).toBe(200);
    expect(stored()?.resolution_comment).toBe('first');
  });

  test('opens it again', async () => {
    await patch({ ...resolved, resolution_comment: 'dead' });
    expect((await patch({ state: 'open' })).status).toBe(200);
    expect(stored()).toMatchObject({ state: 'open', resolution: null, resolution_comment: null });
  });

  test('takes a comment of 280 characters', async () => {
    expect((await patch({ ...resolved, resolution_comment: '𝄞'.repeat(280) })).status).toBe(200);
  });

  test.each([
    ['no field', {}],
    ['an unknown state', { state: 'closed' }],
    ['no resolution', { state: 'resolved' }],
    ['an unknown resolution', { state: 'resolved', resolution: 'gone' }],
    ['a resolution of an open alert', { state: 'open', resolution: 'revoked' }],
    ['a comment on an open alert', { state: 'open', resolution_comment: 'why' }],
    ['a comment of 281 characters', { ...resolved, resolution_comment: 'x'.repeat(281) }],
    ['a comment that is no text', { ...resolved, resolution_comment: 1 }],
    ['an unknown validity', { ...resolved, validity: 'dead' }],
  ])('is refused with 422 and no effect: %s', async (_title, body) => {
    expect((await patch(body)).status).toBe(422);
    expect(stored()).toMatchObject({ state: 'open', resolution: null, validity: 'unknown' });
  });

  test('is refused with 403 where dismissals are delegated', async () => {
    github.delegatedDismissal = true;
    expect((await patch(resolved)).status).toBe(403);
    expect(stored()?.state).toBe('open');
  });

  test('is refused with 422 where the validity is not ours to set', async () => {
    github.refuseValidity = true;
    expect((await patch({ ...resolved, validity: 'inactive' })).status).toBe(422);
    expect((await patch(resolved)).status).toBe(200);
  });
});

describe('the list of an organisation', () => {
  test('is filtered, sorted and followed through the Link header', async () => {
    for (let day = 10; day < 17; day += 1) {
      github.createAlert({
        owner: 'acme',
        repo: `r${day % 2}`,
        secret,
        created_at: `2020-01-${day}T00:00:00Z`,
      });
    }
    github.createAlert({ owner: 'acme', repo: 'r0', secret, secret_type: 'other' });
    github.createAlert({ owner: 'acme', repo: 'r0', secret, state: 'resolved', resolution: 'revoked' });
    github.createAlert({ owner: 'globex', repo: 'r0', secret });

    const query = 'state=open&secret_type=devin_api_key,another&sort=created&direction=asc&per_page=3';
    const seen: unknown[] = [];
    let back: string | undefined;
    let next: string | undefined = `${github.url}/orgs/acme/secret-scanning/alerts?${query}`;
    while (next !== undefined) {
      const page = await call('GET', next.slice(github.url.length));
      seen.push(
        ((await page.json()) as { created_at: string }[]).map(({ created_at }) => created_at.slice(8, 10)),
      );
      const link = page.headers.get('link') ?? '';
      next = /<([^>]+)>; rel="next"/.exec(link)?.[1];
      back = /<([^>]+)>; rel="prev"/.exec(link)?.[1];
    }
    const today = new Date().toISOString().slice(8, 10);
    expect(seen).toEqual([
      ['10', '11', '12'],
      ['13', '14', '15'],
      ['16', today],
    ]);

    const previous = await call('GET', back!.slice(github.url.length));
    expect(await previous.json()).toMatchObject(
      [13, 14, 15].map((day) => ({ created_at: `2020-01-${day}T00:00:00Z` })),
    );
  });

  test('is empty for an organisation without alerts and 404 for an unknown one', async () => {
    github.orgs.add('initech');
    expect(await (await call('GET', '/orgs/initech/secret-scanning/alerts')).json()).toEqual([]);
    expect((await call('GET', '/orgs/unknown/secret-scanning/alerts')).status).toBe(404);
  });
});

describe('the GitHub App', () => {
  const jwt = (claims: object, key = github.app.private_key) => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  };
  const mint = (token: string, installation = github.app.installation_id) =>
    call('POST', `/app/installations/${installation}/access_tokens`, {}, token);
  const now = Math.floor(Date.now() / 1000);
  const good = () => ({ iss: github.app.app_id, iat: now - 60, exp: now + 540 });

  test('trades its signed token for one that reads alerts', async () => {
    const answer = await mint(jwt(good()));
    expect(answer.status).toBe(201);
    const { token, expires_at } = (await answer.json()) as { token: string; expires_at: string };
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now() + 3_500_000);
    expect((await call('GET', path, undefined, token)).status).toBe(200);
  });

  test('refuses a wrong issuer, a wrong time, a wrong key, and what is no token', async () => {
    const other = await startGitHub();
    const refused = [
      jwt({ ...good(), iss: 1 }),
      jwt({ ...good(), iat: now + 600 }),
      jwt({ ...good(), exp: now + 700 }),
      jwt({ ...good(), exp: now - 1 }),
      jwt(good(), other.app.private_key),
      'a.b.c',
      github.token,
    ];
    await other.stop();
    for (const token of refused) expect((await mint(token)).status).toBe(401);
    expect((await mint(jwt(good()), 1)).status).toBe(404);
  });
});

describe('a delivery', () => {
  let received: SandboxRequest[];
  let receiver: SandboxServer;

  beforeEach(async () => {
    received = [];
    receiver = await startServer({
      handle: (request) => {
        received.push(request);
        return { status: 202, body: 'taken' };
      },
    });
  });

  afterEach(() => receiver.stop());

  test('is signed over its bytes and never holds the secret', async () => {
    const answer = await github.deliver(receiver.url, 'key', alert, {
      action: 'publicly_leaked',
      deliveryId: 'd1',
    });
    expect(answer).toEqual({ status: 202, body: 'taken' });
    const { headers, body } = received[0]!;
    expect(headers).toMatchObject({ 'x-github-event': 'secret_scanning_alert', 'x-github-delivery': 'd1' });
    expect(await verify('key', body.toString(), String(headers['x-hub-signature-256']))).toBe(true);
    expect(body.toString()).not.toContain(secret);
    expect(JSON.parse(body.toString())).toMatchObject({
      action: 'publicly_leaked',
      alert: { number: 1, secret_type: 'devin_api_key' },
      repository: { full_name: 'Acme/webshop' },
      organization: { login: 'Acme' },
      installation: { id: github.app.installation_id },
    });
  });

  test('is repeated byte for byte although the alert has changed', async () => {
    await github.deliver(receiver.url, 'key', alert, { deliveryId: 'd1' });
    await patch({ state: 'resolved', resolution: 'revoked' });
    await github.redeliver(receiver.url, 'd1');
    expect(received[1]?.body).toEqual(received[0]?.body);
    expect(received[1]?.headers['x-github-delivery']).toBe('d1');
  });

  test('is changed before it is signed', async () => {
    await github.deliver(receiver.url, 'key', alert, {
      mutate: (payload) => {
        payload.alert.secret_type = 'other';
      },
    });
    await github.deliver(receiver.url, 'key', alert, { mutate: () => Buffer.from([0xff]) });
    expect(JSON.parse(received[0]!.body.toString())).toMatchObject({ alert: { secret_type: 'other' } });
    expect(received[1]?.body).toEqual(Buffer.from([0xff]));
  });

  test("agrees with GitHub's published vector", () => {
    // docs.github.com, "Validating webhook deliveries"
    const { headers } = signedDelivery('Hello, World!', "It's a Secret to Everybody", {
      'x-github-event': 'ping',
    });
    expect(headers['x-hub-signature-256']).toBe(
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    );
    expect(headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', "It's a Secret to Everybody").update('Hello, World!').digest('hex')}`,
    );
    expect(headers['x-github-event']).toBe('ping');
  });
});
