import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import { GitHubRefusedError } from '../../lib/clients/github-refusal.ts';
import { githubToken } from '../../lib/clients/github-token.ts';
import { type GitHub, startGitHub } from '../../sandbox/github.ts';

const ID = 'github-secret';
const MINUTE = 60_000;

let github: GitHub;
let value: string;
let reads: string[];

beforeEach(async () => {
  github = await startGitHub();
  reads = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await github.stop();
});

const load = (secret: string | object) => {
  value = typeof secret === 'string' ? secret : JSON.stringify(secret);
  const read = async (id: string) => {
    reads.push(id);
    return value;
  };
  return githubToken(read, ID, github.url);
};
const get = async (token: ReturnType<typeof load>) => (await token.get(Date.now() + 5_000)).reveal();
const app = () => {
  const { app_id, installation_id, private_key } = github.app;
  return { app_id, installation_id, private_key };
};
/** Whether GitHub takes it. */
const works = async (token: string) => {
  const { owner, repo, number } = github.createAlert({ secret: 'x' });
  const answer = await fetch(`${github.url}/repos/${owner}/${repo}/secret-scanning/alerts/${number}`, {
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'test' },
  });
  return answer.status === 200;
};
const minted = () =>
  github.requests.filter(({ operation }) => operation === 'createInstallationToken').length;

describe('a token of GitHub', () => {
  test.each([
    ['as it is', (token: string) => token],
    ['with a line break', (token: string) => `${token}\n`],
    ['as JSON', (token: string) => JSON.stringify({ token })],
    ['as JSON with white space', (token: string) => JSON.stringify({ token: ` ${token} ` }, null, 2)],
  ])('is read %s, once', async (_title, write) => {
    const token = load(write(github.token));
    expect([await get(token), await get(token)]).toEqual([github.token, github.token]);
    expect(reads).toEqual([ID]);
    expect(github.requests).toEqual([]);
  });

  test('is read afresh when it was forgotten', async () => {
    const token = load('first');
    await get(token);
    value = 'second';
    expect(await get(token)).toBe('first');
    token.forget();
    expect(await get(token)).toBe('second');
    expect(reads).toHaveLength(2);
  });
});

describe('an app of GitHub', () => {
  test.each([
    ['with its ids as numbers', () => app()],
    [
      'with its ids as text',
      () => ({ ...app(), app_id: String(app().app_id), installation_id: String(app().installation_id) }),
    ],
    [
      'with the key on one line',
      () => ({ ...app(), private_key: app().private_key.replaceAll('\n', '\\n') }),
    ],
  ])('%s gets a token that works, once for all', async (_title, secret) => {
    const token = load(secret());
    const first = await get(token);
    expect(await Promise.all([get(token), get(token)])).toEqual([first, first]);
    expect(await works(first)).toBe(true);
    expect([minted(), reads.length]).toEqual([1, 1]);
  });

  test('gets one token for reports that come at once', async () => {
    const token = load(app());
    const [first, second] = await Promise.all([get(token), get(token)]);
    expect(second).toBe(first);
    expect(minted()).toBe(1);
  });

  test('gets a new token when the old one has a minute left', async () => {
    const start = Date.now();
    vi.setSystemTime(start);
    const token = load(app());
    const first = await get(token);
    vi.setSystemTime(start + 58 * MINUTE);
    expect(await get(token)).toBe(first);
    vi.setSystemTime(start + 59 * MINUTE + 1_000);
    const second = await get(token);
    expect(second).not.toBe(first);
    expect(await works(second)).toBe(true);
    expect(minted()).toBe(2);
  });

  test('gets a token from a GitHub that is busy first', async () => {
    github.fault({ operation: 'createInstallationToken', status: 503 });
    expect(await works(await get(load(app())))).toBe(true);
  });

  test.each([
    ['403 with a time', { status: 403, headers: { 'retry-after': '60' } }, 60_000],
    ['429 with a time', { status: 429, headers: { 'retry-after': '60' } }, 60_000],
    ['429 without a time', { status: 429 }, 60_000],
  ])('is told when to come back by a rate limit: %s', async (_title, fault, waitMs) => {
    github.fault({ operation: 'createInstallationToken', ...fault, times: 9 });
    const from = Date.now();
    const error = await load(app())
      .get(from + 1_000)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ name: 'GitHubRefusedError', refusal: { ok: false, retryable: true } });
    expect(error instanceof GitHubRefusedError && error.refusal.retryAt).toBeGreaterThanOrEqual(
      from + waitMs,
    );
  });

  test('asks once while its rate limit names a time', async () => {
    const fault = { status: 429, headers: { 'retry-after': '1' } };
    github.fault({ operation: 'createInstallationToken', ...fault, times: 9 });

    await expect(get(load(app()))).rejects.toThrow(GitHubRefusedError);
    expect(minted()).toBe(1);
  });

  test('takes none from an answer of another status', async () => {
    const body = { token: 'x', expires_at: '2100-01-01T00:00:00Z' };
    github.fault({ operation: 'createInstallationToken', status: 200, body });

    await expect(get(load(app()))).rejects.toThrow(SecretError);
  });

  test('holds a token whose end is not known for five minutes, less one', async () => {
    const start = Date.now();
    vi.setSystemTime(start);
    const body = { token: 'x', expires_at: 'soon' };
    github.fault({ operation: 'createInstallationToken', status: 201, body });
    const token = load(app());
    await get(token);
    vi.setSystemTime(start + 3.9 * MINUTE);
    expect(await get(token)).toBe('x');
    vi.setSystemTime(start + 4.1 * MINUTE);
    expect(await get(token)).not.toBe('x');
  });

  test('tries again after a failure', async () => {
    const token = load(app());
    github.fault({ operation: 'createInstallationToken', status: 401 });
    await expect(get(token)).rejects.toThrow(SecretError);
    expect(await works(await get(token))).toBe(true);
  });

  test('does not wait beyond the deadline', async () => {
    github.fault({ delayMs: 30_000 });
    const token = load(app());
    const start = Date.now();
    await expect(token.get(start + 100)).rejects.toMatchObject({ name: 'HttpFailure', code: 'timeout' });
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  const otherKey = () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey;
  test.each([
    ['another key', () => ({ ...app(), private_key: otherKey() }), 'HTTP 401'],
    ['another app', () => ({ ...app(), app_id: 1 }), 'HTTP 401'],
    ['another installation', () => ({ ...app(), installation_id: 1 }), 'HTTP 404'],
    ['a hostile installation', () => ({ ...app(), installation_id: '../../user' }), 'HTTP 401'],
  ])('with %s gets none, and says so', async (_title, secret, code) => {
    const error = await get(load(secret())).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new SecretError(ID, code, 'GitHub gives this app no installation token'));
    expect(github.requests).toHaveLength(1);
    expect(github.requests[0]?.path).toMatch(/^\/app\/installations\/[^/]+\/access_tokens$/);
  });

  test('gets none from an answer that is not JSON', async () => {
    github.fault({ operation: 'createInstallationToken', status: 201, body: '<html>' });
    await expect(get(load(app()))).rejects.toEqual(
      new SecretError(ID, 'HTTP 201', 'GitHub gives this app no installation token'),
    );
  });
});

describe('a malformed secret is refused by its name, without its value:', () => {
  const shapes = 'must be a token, JSON {"token"}, or JSON {"app_id","installation_id","private_key"}';
  const pem = 'private_key is not a private key in PEM form';
  test.each<[string, string | object, string]>([
    ['nothing', '', shapes],
    ['white space', ' \n', shapes],
    ['two words', 'C4n4ry C4n4ry', shapes],
    ['a line break within', 'C4n4ry\r\nx-header: 1', shapes],
    ['other characters', 'C4n4ryé', shapes],
    ['broken JSON', '{"token":"C4n4ry"', shapes],
    ['JSON of something else', { password: 'C4n4ry' }, shapes],
    ['an empty token in JSON', { token: '' }, shapes],
    ['an app without its key', { app_id: 1, installation_id: 2, note: 'C4n4ry' }, shapes],
    ['an app whose key is none', { app_id: 1, installation_id: 2, private_key: 'C4n4ry' }, pem],
    ['an app whose key is empty', { app_id: 1, installation_id: 2, private_key: '' }, pem],
  ])('%s', async (_title, secret, message) => {
    const error = await get(load(secret)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new SecretError(ID, 'malformed', message));
    expect(String(error)).not.toContain('C4n4ry');
    expect(github.requests).toEqual([]);
  });
});
