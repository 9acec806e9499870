import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { githubHooks } from '../../lib/clients/github-hooks.ts';
import { githubPatterns } from '../../lib/clients/github-patterns.ts';
import { githubToken } from '../../lib/clients/github-token.ts';
import { type GitHub, startGitHub } from '../../sandbox/github.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';

let github: GitHub;
let target: SandboxServer;

beforeEach(async () => {
  github = await startGitHub();
  target = await startServer({ handle: () => ({ status: 200 }) });
});
afterEach(() => Promise.all([github.stop(), target.stop()]));

const retry = () => ({ deadline: Date.now() + 5_000, attempts: 2 });
const clients = (token = github.ownerToken) => {
  const held = githubToken(async () => token, 'the token', github.url);
  return { hooks: githubHooks(github.url, held), patterns: githubPatterns(github.url, held) };
};
const settings = () => ({ url: target.url, secret: 'a secret', events: ['secret_scanning_alert'] });
const pattern = { name: 'Devin API key', pattern: 'cog_x', start_delimiter: '\\A', end_delimiter: '\\z' };

describe('the webhooks of an organisation', () => {
  test('are created, listed over all pages, changed and pinged', async () => {
    const { hooks } = clients();
    for (let index = 0; index < 205; index++) {
      github.settings.addHook('acme', { events: ['push'], config: { url: `https://example.com/${index}` } });
    }
    const created = await hooks.create('acme', settings(), retry());
    const id = created.status === 'answered' ? created.value.id : 0;

    const listed = await hooks.list('acme', retry());
    expect(listed).toMatchObject({ status: 'answered' });
    expect(listed.status === 'answered' && listed.value).toHaveLength(206);
    expect(await hooks.update('acme', id, { ...settings(), secret: 'another' }, retry())).toMatchObject({
      status: 'answered',
      value: { id, active: true, config: { url: target.url, content_type: 'json', insecure_ssl: '0' } },
    });
    expect(github.settings.secretOf(id)).toBe('another');
    expect(await hooks.ping('acme', id, retry())).toEqual({ status: 'answered', value: undefined });
    await vi.waitFor(async () => {
      // Of the creation, and the one that was asked for.
      expect(await hooks.deliveries('acme', id, retry())).toMatchObject({
        value: [
          { event: 'ping', status_code: 200 },
          { event: 'ping', status_code: 200 },
        ],
      });
    });
  });

  test('are not created twice', async () => {
    const { hooks } = clients();
    await hooks.create('acme', settings(), retry());

    expect(await hooks.create('acme', settings(), retry())).toEqual({
      status: 'failed',
      reason: 'GitHub rejects the change of webhooks (HTTP 422)',
    });
  });

  test.each<[string, () => Promise<unknown>, object]>([
    [
      'a token without the permission',
      () => clients(github.token).hooks.list('acme', retry()),
      { status: 'denied', reason: expect.stringContaining('admin:org_hook') },
    ],
    [
      'a token that is none',
      () => clients('wrong').hooks.list('acme', retry()),
      { status: 'denied', reason: 'GitHub does not accept the token (HTTP 401)' },
    ],
    [
      'an unknown organisation',
      () => clients().hooks.list('nobody', retry()),
      { status: 'denied', reason: expect.stringContaining('HTTP 404') },
    ],
  ])('are refused to %s', async (_title, ask, expected) => {
    expect(await ask()).toEqual(expected);
  });

  test('that cannot be read are a failure, and not an empty list', async () => {
    github.fault({ operation: 'organizationSettings', status: 200, body: '{}' });
    github.fault({ operation: 'organizationSettings', status: 502, times: 2 });

    expect(await clients().hooks.list('acme', retry())).toEqual({
      status: 'failed',
      reason: "GitHub's answer about webhooks is not the documented JSON",
    });
    expect(await clients().hooks.list('acme', retry())).toEqual({
      status: 'failed',
      reason: 'GitHub answered about webhooks with HTTP 502',
    });
  });

  test('are created by one request, whatever becomes of its answer', async () => {
    github.fault({ operation: 'organizationSettings', method: 'POST', reset: 'after' });

    const answer = await clients().hooks.create('acme', settings(), retry());

    expect(answer.status).toBe('failed');
    expect(github.settings.hooks('acme')).toHaveLength(1);
    expect(github.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });
});

describe('the custom patterns of an organisation', () => {
  test('are created unpublished, under a slug that GitHub derives from the name', async () => {
    const { patterns } = clients();

    expect(await patterns.create('acme', pattern, retry())).toEqual({ status: 'answered', value: undefined });
    expect(await patterns.list('acme', retry())).toEqual({
      status: 'answered',
      value: [
        {
          name: 'Devin API key',
          pattern: 'cog_x',
          slug: 'devin_api_key',
          state: 'unpublished',
          push_protection_enabled: false,
        },
      ],
    });
    expect(await patterns.create('acme', pattern, retry())).toMatchObject({ status: 'failed' });
  });

  test('are refused to a token without the permission', async () => {
    expect(await clients(github.token).patterns.create('acme', pattern, retry())).toEqual({
      status: 'denied',
      reason: expect.stringContaining('write:org'),
    });
    expect(github.settings.patterns('acme')).toEqual([]);
  });
});
