import { describe, expect, test } from 'vitest';
import type { GitHub } from '../../lib/clients/github.ts';
import type { GitHubAlert } from '../../lib/clients/github-alert.ts';
import type { GitHubRefusal } from '../../lib/clients/github-refusal.ts';
import { Token } from '../../lib/domain/token.ts';
import { readLeak } from '../../lib/identify/read-leak.ts';
import { report } from '../support/samples.ts';

const secret = ['cog', 'a'.repeat(52)].join('_');
const legacyOf = (owner: string) =>
  ['apk', Buffer.from(`${owner}:${'0'.repeat(32)}`).toString('base64')].join('_');
const organisation = `org-${'1'.repeat(32)}`;
const legacy = legacyOf(organisation);
const other = legacyOf(`org-${'2'.repeat(32)}`);
const ref = { owner: 'acme', repo: 'webshop', number: 42 };
const retry = { deadline: 0 };

/** GitHub, answering the one alert of the report. */
const github = (answer: GitHubAlert | GitHubRefusal): GitHub => ({
  getAlert: async (asked, options) => {
    expect([asked, options]).toEqual([ref, retry]);
    return 'ok' in answer ? answer : { ok: true, alert: answer };
  },
  resolveAlert: () => Promise.reject(new Error('not asked')),
  reopenAlert: () => Promise.reject(new Error('not asked')),
});
const alert = (state: 'open' | 'resolved', text?: string): GitHubAlert => ({
  state,
  ...(text !== undefined && { secret: new Token(text) }),
});
/** What was read, with its tokens revealed, which print as nothing. */
const read = async (...given: Parameters<typeof readLeak>) => {
  const result = await readLeak(...given);
  if (result.status !== 'read' || result.leak.kind !== 'tokens') return result;
  return { ...result, leak: { ...result.leak, tokens: result.leak.tokens.map((token) => token.reveal()) } };
};
const decided = (draft: object) => ({ status: 'decided', draft });
const ofLegacy = (names: string) =>
  expect.objectContaining({
    status: 'escalated',
    org_id: organisation,
    reason: `the secret is a legacy key (apk_…) of ${names}, which only the API v2 revokes`,
  });

describe('a report of ids', () => {
  const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };

  test('is of that key', async () => {
    expect(await read({ ...report, leak: { kind: 'key', ...key } }, undefined, retry)).toStrictEqual({
      status: 'read',
      leak: { kind: 'key', key },
    });
  });

  test('keeps the token that came with them', async () => {
    const token = new Token(secret);

    expect(await read({ ...report, leak: { kind: 'key', ...key }, token }, undefined, retry)).toStrictEqual({
      status: 'read',
      leak: { kind: 'key', key, token },
    });
  });
});

describe('a report of a token', () => {
  test.each([
    [
      'is of the token in it',
      `KEY=${secret}`,
      { status: 'read', leak: { kind: 'tokens', tokens: [secret] } },
    ],
    [
      'names the legacy key beside it',
      `${secret} ${legacy}`,
      {
        status: 'read',
        leak: {
          kind: 'tokens',
          tokens: [secret],
          legacy: decided(ofLegacy(`organisation ${organisation}`)),
        },
      },
    ],
    [
      'is escalated when it is of a legacy key alone',
      legacy,
      decided(ofLegacy(`organisation ${organisation}`)),
    ],
    [
      'names the owners of all legacy keys',
      `${legacy} ${other}`,
      decided(ofLegacy(`organisation ${organisation}, organisation org-${'2'.repeat(32)}`)),
    ],
    [
      'is ignored when it is of no key of Devin',
      'hunter2',
      decided({ status: 'ignored', reason: 'the secret holds no Devin token' }),
    ],
  ])('%s', async (_, text, expected) => {
    const given = { ...report, leak: { kind: 'token' as const }, token: new Token(text) };

    expect(await read(given, undefined, retry)).toStrictEqual(expected);
  });

  test('is ignored when the token is missing', async () => {
    expect(await read({ ...report, leak: { kind: 'token' } }, undefined, retry)).toMatchObject({
      draft: { status: 'ignored' },
    });
  });
});

describe('a report of an alert', () => {
  const open = { ref, open: true };
  const resolved = { ref, open: false };
  const unreadable = {
    status: 'escalated',
    reason: 'the secret of the alert holds no Devin token (cog_…) and no legacy key (apk_…)',
    next_step: expect.stringContaining('look at the alert'),
  };

  test.each<[string, GitHubAlert | GitHubRefusal, unknown]>([
    [
      'is of the token that GitHub shows',
      alert('open', secret),
      { status: 'read', leak: { kind: 'tokens', tokens: [secret], alert: open } },
    ],
    [
      'is read though the alert is resolved: an earlier delivery may have been cut off',
      alert('resolved', secret),
      { status: 'read', leak: { kind: 'tokens', tokens: [secret], alert: resolved } },
    ],
    [
      'keeps when the alert was made, and the new name of its repository',
      { ...alert('open', secret), created_at: 0, movedTo: { owner: 'new', repo: 'shop' } },
      {
        status: 'read',
        leak: { kind: 'tokens', tokens: [secret], alert: { ...open, created_at: 0, moved_to: 'new/shop' } },
      },
    ],
    [
      'is escalated with the alert when it is of a legacy key',
      alert('open', legacy),
      { ...decided(ofLegacy(`organisation ${organisation}`)), alert: open },
    ],
    [
      'is ignored when its legacy key was dealt with',
      alert('resolved', legacy),
      decided({ status: 'ignored', reason: 'the alert is resolved already' }),
    ],
    [
      'is escalated when the secret is of no known form',
      alert('open', 'hunter2'),
      { ...decided(unreadable), alert: open },
    ],
    [
      'is escalated when GitHub hides the secret',
      alert('open'),
      { ...decided({ ...unreadable, reason: 'GitHub shows the alert without its secret' }), alert: open },
    ],
    [
      'is ignored when it is resolved and of no known form',
      alert('resolved', 'hunter2'),
      decided({ status: 'ignored', reason: 'the alert is resolved already' }),
    ],
    [
      'fails as GitHub refuses it',
      { ok: false, reason: 'HTTP 404', retryable: false },
      decided({ status: 'failed', reason: 'HTTP 404', retryable: false }),
    ],
    [
      'is tried again when GitHub says so',
      { ok: false, reason: 'HTTP 429', retryable: true, retryAt: 0 },
      decided({ status: 'failed', reason: 'HTTP 429', retryable: true, retry_at: 0 }),
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await read(report, github(answer), retry)).toStrictEqual(expected);
  });

  test('fails for good without access to GitHub', async () => {
    expect(await read(report, undefined, retry)).toStrictEqual(
      decided({ status: 'failed', retryable: false, reason: 'GITHUB_TOKEN_SECRET_ID is not set' }),
    );
  });
});
