import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CreatedKey, type Devin, startDevin } from '../../sandbox/devin.ts';

let devin: Devin;
let admin: CreatedKey;
let leaked: CreatedKey;
/** epoch milliseconds of the stand-in, moved by the tests */
let now: number;

beforeEach(async () => {
  now = 1_800_000_000_000;
  devin = await startDevin({ now: () => now });
  admin = devin.createKey(devin.createServiceUser({ canManage: true }).service_user_id);
  leaked = devin.createKey(devin.createServiceUser({ name: 'deploy-bot' }).service_user_id, { name: 'ci' });
});

afterEach(() => devin.stop());

const get = (path: string, token = admin.token) =>
  fetch(`${devin.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
type Page = {
  items: { api_key_id: string; is_active: boolean }[];
  has_next_page: boolean;
  end_cursor: string;
  total: number;
};
const getPage = async (path: string) => (await (await get(path)).json()) as Page;
const keysPath = (user = leaked.service_user_id) => `/v3beta1/enterprise/service-users/${user}/api-keys`;
const revoke = () =>
  fetch(`${devin.url}${keysPath()}/${leaked.api_key_id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${admin.token}` },
  });

describe('revocation', () => {
  test('kills the token at once and is accepted one time only', async () => {
    expect((await get('/v3/self', leaked.token)).status).toBe(200);
    const first = await revoke();
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ is_active: false, revoked_at: 1_800_000_000 });
    expect((await get('/v3/self', leaked.token)).status).toBe(401);
    expect((await revoke()).status).toBe(409);
  });

  test('shows in the list at once while a lag keeps the token alive', async () => {
    devin.revocationLagMs = 5_000;
    await revoke();
    expect(devin.key(leaked.api_key_id)?.is_active).toBe(false);
    now += 4_999;
    expect((await get('/v3/self', leaked.token)).status).toBe(200);
    now += 1;
    expect((await get('/v3/self', leaked.token)).status).toBe(401);
    expect(devin.isLive(leaked.token)).toBe(false);
  });

  test('never takes hold with an endless lag', async () => {
    devin.revocationLagMs = Infinity;
    await revoke();
    now += 1e12;
    expect(devin.isLive(leaked.token)).toBe(true);
  });

  test('ends with the service user', async () => {
    devin.removeServiceUser(leaked.service_user_id);
    expect((await get('/v3/self', leaked.token)).status).toBe(401);
    expect((await revoke()).status).toBe(404);
    const { items } = await getPage('/v3/enterprise/members/service-users');
    expect(items).toHaveLength(1);
    const all = await getPage('/v3/enterprise/members/service-users?include_inactive=true');
    expect(all.items).toHaveLength(2);
  });
});

describe('last_used_at', () => {
  test('shows a use when the lag is over', async () => {
    devin.lastUsedLagMs = 3_000;
    await get('/v3/self', leaked.token);
    expect(devin.key(leaked.api_key_id)?.last_used_at).toBeNull();
    now += 3_000;
    expect(devin.key(leaked.api_key_id)?.last_used_at).toBe(1_800_000_000);
  });

  test('never shows a use with an endless lag', () => {
    devin.lastUsedLagMs = Infinity;
    expect(devin.use(leaked.token)).toBe(true);
    now += 1e12;
    expect(devin.key(leaked.api_key_id)?.last_used_at).toBeNull();
  });
});

describe('the clock', () => {
  test('runs ahead in the times that it makes and in the Date header', async () => {
    devin.clockSkewSeconds = 90;
    const answer = await revoke();
    expect(answer.headers.get('date')).toBe(new Date(now + 90_000).toUTCString());
    expect(await answer.json()).toMatchObject({ revoked_at: 1_800_000_090 });
  });

  test('ends keys and service users at their expiry', async () => {
    const { service_user_id } = devin.createServiceUser({ expires_at: 1_800_000_010 });
    const key = devin.createKey(service_user_id);
    expect(devin.isLive(key.token)).toBe(true);
    now += 10_000;
    expect(devin.isLive(key.token)).toBe(false);
  });
});

describe('paging', () => {
  test('shows every key once although keys are added and deleted between its pages', async () => {
    devin.pageSize = 3;
    for (let count = 1; count < 8; count += 1) devin.createKey(leaked.service_user_id);
    const before = devin.keys().filter(({ service_user_id }) => service_user_id === leaked.service_user_id);
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const page = await getPage(`${keysPath()}?status=active${after}`);
      seen.push(...page.items.map(({ api_key_id }) => api_key_id));
      if (seen.length === 3) {
        devin.revoke(seen[0]!);
        devin.createKey(leaked.service_user_id, { api_key_id: 'key-late' });
      }
      if (!page.has_next_page) break;
      after = `&after=${page.end_cursor}`;
    }
    expect(seen).toEqual([...before.map(({ api_key_id }) => api_key_id), 'key-late']);
  });

  test.each([
    ['active', ['a']],
    ['revoked', ['r']],
    ['expired', ['e']],
    ['all', ['a', 'r', 'e']],
  ])('filters by the status %s', async (status, expected) => {
    const { service_user_id } = devin.createServiceUser();
    devin.createKey(service_user_id, { api_key_id: 'a' });
    devin.createKey(service_user_id, { api_key_id: 'r', revoked_at: 1_700_000_000 });
    devin.createKey(service_user_id, { api_key_id: 'e', expires_at: 1_700_000_000 });
    const page = await getPage(`${keysPath(service_user_id)}?status=${status}`);
    expect(page.items.map(({ api_key_id }) => api_key_id)).toEqual(expected);
    expect(page.total).toBe(expected.length);
  });
});

describe('rotation', () => {
  const rotate = (body: object) =>
    fetch(`${devin.url}${keysPath()}/${leaked.api_key_id}/rotate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}` },
      body: JSON.stringify(body),
    });

  test('hands out a live successor and revokes the old key', async () => {
    const { token } = (await (await rotate({})).json()) as { token: string };
    expect([devin.isLive(token), devin.isLive(leaked.token)]).toEqual([true, false]);
  });

  test('keeps the old key when asked to', async () => {
    await rotate({ revoke_current: false });
    expect(devin.isLive(leaked.token)).toBe(true);
  });
});

describe('faults', () => {
  test('break the connection before the key is revoked', async () => {
    devin.fault({ method: 'delete', reset: 'before' });
    await expect(revoke()).rejects.toThrow();
    expect(devin.isLive(leaked.token)).toBe(true);
    expect((await revoke()).status).toBe(200);
  });

  test('break the connection after the key is revoked', async () => {
    devin.fault({ operation: 'revokeServiceUserApiKey', reset: 'after' });
    await expect(revoke()).rejects.toThrow();
    expect(devin.isLive(leaked.token)).toBe(false);
    expect((await revoke()).status).toBe(409);
  });

  test('answer what they are given, as often as asked', async () => {
    devin.fault({ path: /api-keys/, status: 429, headers: { 'Retry-After': '7' }, times: 2 });
    const first = await revoke();
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await first.json()).toMatchObject({ title: 'Too Many Requests', status: 429 });
    expect([(await revoke()).status, (await revoke()).status]).toEqual([429, 200]);
  });

  test('send a body that is not JSON', async () => {
    devin.fault({ status: 502, body: '<html>Bad Gateway</html>' });
    const answer = await revoke();
    expect([answer.status, await answer.text()]).toEqual([502, '<html>Bad Gateway</html>']);
  });

  test('go on until they are cleared', async () => {
    devin.fault({ status: 500, times: Infinity });
    for (let count = 0; count < 5; count += 1) expect((await revoke()).status).toBe(500);
    devin.clearFaults();
    expect((await revoke()).status).toBe(200);
  });

  test('leave no effect when the caller hangs up during a delay', async () => {
    devin.fault({ delayMs: 1e10 });
    const hanging = fetch(`${devin.url}${keysPath()}/${leaked.api_key_id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${admin.token}` },
      signal: AbortSignal.timeout(50),
    });
    await expect(hanging).rejects.toThrow();
    expect(devin.isLive(leaked.token)).toBe(true);
  });

  test('do not hold up the end', async () => {
    devin.fault({ delayMs: 1e10 });
    const hanging = revoke().catch(() => 'broken');
    await expect.poll(() => devin.requests.length).toBe(1);
    const started = Date.now();
    await devin.stop();
    expect(await hanging).toBe('broken');
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});

describe('a test', () => {
  test('acts between the effect and its answer', async () => {
    devin.onRequest = ({ operation }) => {
      if (operation === 'listServiceUserApiKeys') devin.revoke(leaked.api_key_id);
    };
    const page = await getPage(keysPath());
    expect(page.items[0]?.is_active).toBe(true);
    expect((await revoke()).status).toBe(409);
  });

  test('locks everybody out', async () => {
    devin.authenticateNobody = true;
    expect((await get('/v3/self')).status).toBe(401);
  });

  test('reads a log without any credential', async () => {
    await get('/v3/self', leaked.token);
    await revoke();
    expect(devin.requests).toMatchObject([
      { method: 'GET', path: '/v3/self', status: 200, operation: 'getSelf' },
      { method: 'DELETE', status: 200, operation: 'revokeServiceUserApiKey' },
    ]);
    expect(JSON.stringify(devin.requests)).not.toMatch(/cog_|bearer/i);
  });
});
