import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callDevin, callDevinAs } from '../../lib/clients/devin-call.ts';
import { Token } from '../../lib/domain/token.ts';
import { type SandboxRequest, startServer } from '../../sandbox/http-server.ts';

const [old, rotated] = ['Old', 'New'].map((name) => new Token(['cog', `${name}S3cretS3cret`].join('_')));
if (old === undefined || rotated === undefined) throw new Error('there are two tokens');

let server: Awaited<ReturnType<typeof startServer>>;
let requests: SandboxRequest[];
/** The statuses of the answers, in order; then 200. */
let statuses: number[];
beforeAll(async () => {
  server = await startServer({
    handle: (request) => {
      requests.push(request);
      return { status: statuses.shift() ?? 200, body: {} };
    },
  });
});
beforeEach(() => {
  requests = [];
  statuses = [];
});
afterAll(() => server.stop());

const retry = () => ({ deadline: Date.now() + 5_000, attempts: 2 });
const request = { method: 'DELETE', path: '/v3/x?y=z' };

describe('a request', () => {
  test('carries the token, and no body of its own', async () => {
    await callDevin(server.url, request, old, retry());

    const [sent] = requests;
    expect(sent).toMatchObject({ method: 'DELETE', path: '/v3/x', rawQuery: 'y=z' });
    expect(sent?.headers).toMatchObject({
      authorization: `Bearer ${old.reveal()}`,
      accept: 'application/json',
    });
    expect(sent?.headers).not.toHaveProperty('content-type');
    expect(sent?.body).toHaveLength(0);
  });

  test('with a body is JSON', async () => {
    await callDevin(server.url, { ...request, method: 'POST', body: { name: 'ci' } }, old, retry());

    expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(requests[0]?.body.toString()).toBe('{"name":"ci"}');
  });

  test('goes over a connection of its own where that is asked for', async () => {
    await callDevin(server.url, request, old, retry());
    await callDevin(server.url, request, old, retry());
    await callDevin(server.url, { ...request, ownConnection: true }, old, retry());

    const [first, second, own] = server.requests.slice(-3).map(({ connection }) => connection);
    expect(second).toBe(first);
    expect(own).not.toBe(first);
  });
});

describe('a request with a token of a secret', () => {
  const call = async (instead: Token | undefined) => {
    const refused: unknown[] = [];
    const credential = {
      get: async () => old,
      insteadOf: async (given: Token) => {
        refused.push(given);
        return instead;
      },
    };
    const {
      attempts: _attempts,
      response,
      ...rest
    } = await callDevinAs(credential, server.url, request, retry());
    const tokens = requests.map(({ headers }) => headers.authorization === `Bearer ${rotated.reveal()}`);
    return { status: response.status, ...rest, rotated: tokens, refused };
  };

  test.each<[string, number[], Token | undefined, object]>([
    ['that is taken asks for no other', [200], rotated, { status: 200, rotated: [false], refused: [] }],
    ['that is forbidden asks for no other', [403], rotated, { status: 403, rotated: [false], refused: [] }],
    [
      'that is refused is sent once more with the other one',
      [401, 409],
      rotated,
      { status: 409, uncertain: false, rotated: [false, true], refused: [old] },
    ],
    ['that is refused stays so without another one', [401], undefined, { status: 401, rotated: [false] }],
    [
      'that is refused twice is not sent a third time',
      [401, 401],
      rotated,
      { status: 401, rotated: [false, true], refused: [old] },
    ],
    [
      'that may have had its effect before it was refused stays uncertain',
      [500, 401, 409],
      rotated,
      { status: 409, uncertain: true, rotated: [false, false, true] },
    ],
    [
      'that may have had its effect with the other one is uncertain',
      [401, 500, 409],
      rotated,
      { status: 409, uncertain: true, rotated: [false, true, true] },
    ],
  ])('%s', async (_, given, instead, expected) => {
    statuses = given;

    expect(await call(instead)).toMatchObject(expected);
  });
});
