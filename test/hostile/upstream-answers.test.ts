import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { devinClient } from '../../lib/clients/devin.ts';
import { devinActivity } from '../../lib/clients/devin-activity.ts';
import { devinServiceUsers } from '../../lib/clients/devin-service-users.ts';
import { githubClient } from '../../lib/clients/github.ts';
import { githubAlertList } from '../../lib/clients/github-alert-list.ts';
import { Token } from '../../lib/domain/token.ts';

const MEBIBYTE = 1024 * 1024;
/** Milliseconds that a call is given. */
const GIVEN_MS = 500;
/** Milliseconds that a busy machine may add to it, and to the parsing of 8 MiB. Most answers would never end. */
const SLACK_MS = 8_000;
/**
 * The most that nine answers may add to the memory of the process, garbage and the test's server included: the worker has
 * 1,769 MB. Deep JSON of 8 MiB takes most.
 */
const MOST_BYTES = 1_200 * MEBIBYTE;
const CANARY = 'c4n4ry';

const head = (...headers: string[]) => ['HTTP/1.1 200 OK', ...headers, '', ''].join('\r\n');
const whole = (body: string | Buffer, ...headers: string[]) =>
  Buffer.concat([Buffer.from(head(`content-length: ${body.length}`, ...headers)), Buffer.from(body)]);

/** Writes the chunk again and again, as fast as it is read or once in so many milliseconds. */
async function forever(socket: Socket, chunk: string, everyMs = 0): Promise<void> {
  while (!socket.destroyed) {
    const isFull = !socket.write(chunk);
    if (everyMs > 0) await sleep(everyMs);
    else if (isFull) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
  }
}

/** An array's items up to the most that a body may have. */
const items = (item: string) =>
  `{"has_next_page":false,"items":[${Array(Math.floor((7.9 * MEBIBYTE) / (item.length + 1))).fill(item)}]}`;
const names = () => {
  const fields = Array.from({ length: 500_000 }, (_, index) => `"${index.toString(36)}":0`);
  return `{${fields},"__proto__":{"is_active":true},"constructor":{"prototype":{}}}`;
};

let elsewhere: string;
let visits: number;

const ANSWERS: Readonly<Record<string, (socket: Socket) => unknown>> = {
  'a page of HTML': (socket) => socket.write(whole(`<html>${CANARY}</html>`, 'content-type: text/html')),
  'a body without end': (socket) => {
    socket.write(head('transfer-encoding: chunked'));
    return forever(socket, `10000\r\n${'x'.repeat(65_536)}\r\n`);
  },
  'a length of a terabyte': (socket) => {
    socket.write(head(`content-length: ${2 ** 40}`));
    return forever(socket, 'x'.repeat(65_536));
  },
  'a drip of the body': (socket) => {
    socket.write(head('content-length: 1000000'));
    return forever(socket, '{', 20);
  },
  'a drip of the headers': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx-a: ');
    return forever(socket, 'x', 20);
  },
  'headers without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    return forever(socket, `x-a: ${'x'.repeat(1_000)}\r\n`);
  },
  'early hints without end': (socket) => forever(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  'chunk extensions without end': (socket) => {
    socket.write(`${head('transfer-encoding: chunked')}1`);
    return forever(socket, `;${'x'.repeat(65_536)}`);
  },
  'trailers without end': (socket) => {
    socket.write(`${head('transfer-encoding: chunked', 'trailer: x-a')}0\r\n`);
    return forever(socket, `x-a: ${'x'.repeat(1_000)}\r\n`);
  },
  'a change of protocol': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  'a redirect to a metadata address': (socket) =>
    socket.write(
      `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${elsewhere}/latest/meta-data/\r\ncontent-length: 0\r\n\r\n`,
    ),
  'a gzip bomb': (socket) =>
    socket.write(whole(gzipSync(Buffer.alloc(512 * MEBIBYTE)), 'content-encoding: gzip')),
};

/** Whole bodies, put together when they are needed. */
const BODIES: Readonly<Record<string, () => string | Buffer>> = {
  'deep JSON': () => '['.repeat(4 * MEBIBYTE) + ']'.repeat(4 * MEBIBYTE - 1),
  'deep JSON in a field that is read': () =>
    `{"detail":${'['.repeat(MEBIBYTE)}${']'.repeat(MEBIBYTE)},"items":${'['.repeat(MEBIBYTE)}${']'.repeat(MEBIBYTE)}}`,
  'as many empty keys as fit': () => items('{}'),
  'as many numbers as fit': () => items('1'),
  'half a million fields': names,
  'a number that no double holds': () => `{"items":[],"total":1e999,"x":${'9'.repeat(100_000)}}`,
  'bytes that are not UTF-8': () => Buffer.alloc(MEBIBYTE, 0xff),
};

/** What answers, one connection after the other. */
let server: Server;
let metadata: Server;
let url: string;
let answer: (socket: Socket) => unknown;
const sockets = new Set<Socket>();

const listen = async (listener: (socket: Socket) => void): Promise<Server> => {
  const made = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    listener(socket);
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
};
const addressOf = (of: Server): string => {
  const address = of.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
};

beforeEach(async () => {
  visits = 0;
  server = await listen((socket) => socket.on('data', () => answer(socket)));
  metadata = await listen(() => {
    visits += 1;
  });
  url = addressOf(server);
  elsewhere = addressOf(metadata);
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  metadata.close();
});

const admin = {
  get: async () => new Token('admin'),
  insteadOf: async () => undefined,
  standby: async () => undefined,
};
const github = { get: async () => new Token('github'), forget: () => {} };
const ref = { owner: 'acme', repo: 'web', number: 1 };
const retry = () => ({ deadline: Date.now() + GIVEN_MS });
const store = () =>
  s3AuditStore(
    awsEnvironment({
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    }),
    'audit',
  );

/** A call of each client. */
const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a probe': () => devinClient(url, admin).probe(new Token('leaked'), retry()),
  'a listing of keys': () => devinClient(url, admin).listKeys('service-user-a', retry()),
  'a listing of service users': () => devinServiceUsers(url, admin).listServiceUsers(null, retry()),
  'a revocation': () =>
    devinClient(url, admin).revokeKey({ service_user_id: 'service-user-a', api_key_id: 'key-a' }, retry()),
  'a listing of sessions': () =>
    devinActivity(url, admin).listSessions({ createdAfter: 0 }, () => {}, { maxPages: 5, retry: retry() }),
  'an alert': () => githubClient(url, github).getAlert(ref, retry()),
  'the end of an alert': () => githubClient(url, github).resolveAlert(ref, 'done', retry()),
  'a listing of alerts': () =>
    githubAlertList(url, github).listOpenAlerts(
      { org: 'acme', secretTypes: ['a'], after: undefined },
      retry(),
    ),
  'a record': () => store().put('records/a.json', {}, retry()),
};

/** Ends within its time, with a short reason that quotes nothing, and without a visit elsewhere. */
async function expectEnd(call: () => Promise<unknown>): Promise<void> {
  const from = Date.now();
  const ended = JSON.stringify(await call());
  expect(Date.now() - from).toBeLessThan(GIVEN_MS + SLACK_MS);
  expect(ended.length).toBeLessThan(1_000);
  expect(ended).not.toContain(CANARY);
  expect(visits).toBe(0);
}

test.each(Object.entries(ANSWERS))('%s ends every call in time', async (_name, given) => {
  answer = given;
  const before = process.memoryUsage().rss;
  await Promise.all(Object.values(CALLS).map(expectEnd));
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_BYTES);
});

test.each(Object.entries(BODIES))('%s cost little memory', async (_name, body) => {
  const bytes = whole(body());
  answer = (socket) => socket.write(bytes);
  const before = process.memoryUsage().rss;
  for (const call of Object.values(CALLS)) await expectEnd(call);
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_BYTES);
});
