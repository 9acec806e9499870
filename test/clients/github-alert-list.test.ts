import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { githubAlertList } from '../../lib/clients/github-alert-list.ts';
import { Token } from '../../lib/domain/token.ts';
import { type SandboxAnswer, type SandboxServer, startServer } from '../../sandbox/http-server.ts';

let github: SandboxServer;
let asked: string[];
let answer: SandboxAnswer;
beforeAll(async () => {
  github = await startServer({
    handle: ({ method, path, query }) => {
      asked.push(`${method} ${path}?${query}`);
      return answer;
    },
  });
});
beforeEach(() => {
  asked = [];
});
afterAll(() => github.stop());

const list = (after?: string, url = github.url) =>
  githubAlertList(url, { get: async () => new Token('x'), forget: () => {} }).listOpenAlerts(
    { org: 'acme/..', secretTypes: ['devin_api_key', 'other'], after },
    { deadline: Date.now() + 5_000, attempts: 1 },
  );
const first =
  'state=open&secret_type=devin_api_key%2Cother&sort=created&direction=desc&per_page=100&hide_secret=true';
const alert = {
  number: 7,
  created_at: '2026-11-23T08:42:00Z',
  repository: { full_name: 'acme/webshop', id: 1_296_269 },
};

test('open alerts of the secret types are listed, without their secrets', async () => {
  answer = { status: 200, body: [alert, { ...alert, number: 'x' }] };

  expect(await list()).toEqual({ ok: true, alerts: [alert], malformed: 1, next: undefined });
  expect(asked).toEqual([`GET /orgs/acme%2F../secret-scanning/alerts?${first}`]);
});

test.each([
  ['after=a%26b', `${first}&after=a%26b`],
  ['page=2', `${first}&page=2`],
])('the page %s follows the one before', async (after, query) => {
  answer = { status: 200, body: [] };
  await list(after);

  expect(asked).toEqual([`GET /orgs/acme%2F../secret-scanning/alerts?${query}`]);
});

test('what is no list is an answer that is not documented', async () => {
  answer = { status: 200, body: { message: 'hello' } };

  expect(await list()).toMatchObject({
    ok: false,
    reason: expect.stringContaining('not the documented JSON'),
  });
});

test('without an answer there is no list', async () => {
  expect(await list(undefined, 'http://127.0.0.1:9')).toMatchObject({ ok: false, retryable: true });
});

describe('the next page', () => {
  const url = 'https://api.github.com/organizations/1/secret-scanning/alerts';
  const of = (link: string | undefined) => {
    answer = { status: 200, body: [], ...(link !== undefined && { headers: { link } }) };
    return list();
  };

  test.each<[string, string | undefined, string | undefined]>([
    ['is none without a link', undefined, undefined],
    ['is none of a link to the one before', `<${url}?before=a>; rel="prev"`, undefined],
    ['begins at its cursor', `<${url}?per_page=100&after=a%26b>; rel="next"`, 'after=a%26b'],
    ['begins at its number', `<${url}?page=2>; rel="next", <${url}?page=9>; rel="last"`, 'page=2'],
    ['is found behind another', `<${url}?before=a>; rel="prev", <${url}?after=b>; rel="next"`, 'after=b'],
    [
      'is found behind another, without a space',
      `<${url}?before=a>;rel="prev",<${url}?after=b>;rel="next"`,
      'after=b',
    ],
    ['is found behind a title with a comma', `<${url}?after=a>; title="a, b"; rel="next"`, 'after=a'],
    ['is found with spaces around', `<${url}?after=a>;  rel = next ; title="x"`, 'after=a'],
    ['is found without quotes', `<${url}?after=a>; rel=next`, 'after=a'],
    ['is found without quotes, before more', `<${url}?after=a>; rel=next; title="x"`, 'after=a'],
    ['is found in single quotes', `<${url}?after=a>; rel='next'`, 'after=a'],
    ['is found among several relations', `<${url}?after=a>; rel="last next up"`, 'after=a'],
    ['is none of a relation that only begins so', `<${url}?after=a>; rel="nextest"`, undefined],
    ['goes by its cursor rather than its number', `<${url}?page=2&after=a>; rel="next"`, 'after=a'],
  ])('%s', async (_, link, next) => {
    expect(await of(link)).toEqual({ ok: true, alerts: [], malformed: 0, next });
  });

  test.each([
    ['has no cursor', `<${url}>; rel="next"`],
    ['has an empty cursor', `<${url}?after=>; rel="next"`],
    ['is no URL', '<nowhere>; rel="next"'],
    ['is nothing', 'x; rel="next"'],
  ])('that %s is a listing that broke off', async (_, link) => {
    expect(await of(link)).toEqual({
      ok: false,
      reason: "GitHub's listing does not say where its next page begins",
      retryable: true,
    });
  });
});
