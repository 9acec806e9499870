import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpFailure, type HttpRequest, send } from '../../lib/platform/http.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';

const MEBIBYTE = 1024 * 1024;

describe('an exchange', () => {
  let server: SandboxServer;
  let received: SandboxRequest | undefined;

  beforeEach(async () => {
    received = undefined;
    server = await startServer({
      handle: (request) => {
        received = request;
        return { status: 200, headers: { 'x-answer': 'yes' }, body: 'wéll' };
      },
    });
  });
  afterEach(() => server.stop());

  const exchange = (request: Partial<HttpRequest> = {}) =>
    send({ method: 'GET', url: new URL(`${server.url}/a?b=c`), timeoutMs: 5_000, ...request });

  test('tells when the request is on the wire, before its answer', async () => {
    const steps: string[] = [];
    await exchange({ method: 'POST', body: 'x', onSent: () => steps.push('sent') });
    steps.push('answered');

    expect(steps).toEqual(['sent', 'answered']);
  });

  test('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await exchange();
    const before = timers();
    await exchange({ timeoutMs: 60_000 });
    await exchange({ timeoutMs: 60_000, url: new URL('http://127.0.0.1:9') }).catch(() => {});

    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('sends method, path, headers and body, and gives the answer', async () => {
    const { status, headers, body } = await exchange({
      method: 'POST',
      headers: { 'x-own': '1' },
      body: 'gö',
    });
    expect({ status, body, answer: headers['x-answer'] }).toEqual({
      status: 200,
      body: 'wéll',
      answer: 'yes',
    });
    expect(received).toMatchObject({ method: 'POST', path: '/a', rawQuery: 'b=c', body: Buffer.from('gö') });
    expect(received?.headers).toMatchObject({ 'x-own': '1', 'content-length': '3' });
  });

  test.each([301, 302, 303, 307, 308])('does not follow a redirect %d', async (status) => {
    server.fault({ status, headers: { location: `${server.url}/elsewhere` } });
    const answer = await exchange({ headers: { authorization: 'Bearer x' } });
    expect([answer.status, answer.headers.location]).toEqual([status, `${server.url}/elsewhere`]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/a']);
  });

  test.each([200, 204, 304, 401, 404, 429, 500])('gives an answer %d as it is', async (status) => {
    server.fault({ status });
    expect((await exchange()).status).toBe(status);
  });

  test('fails when the answer takes too long', async () => {
    server.fault({ delayMs: 30_000 });
    const start = Date.now();
    await expect(exchange({ timeoutMs: 100 })).rejects.toEqual(new HttpFailure('timeout'));
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  test.each(['before', 'after'] as const)('fails when the connection breaks %s the effect', async (reset) => {
    server.fault({ reset });
    await expect(exchange()).rejects.toEqual(new HttpFailure('ECONNRESET'));
  });

  test('works again on the connections that are left after a failure', async () => {
    server.fault({ reset: 'before' });
    await expect(exchange()).rejects.toThrow(HttpFailure);
    expect((await exchange()).status).toBe(200);
  });

  test('takes a body of 8 MiB, and fails for a longer one', async () => {
    server.fault({ body: 'x'.repeat(8 * MEBIBYTE) });
    server.fault({ body: 'x'.repeat(8 * MEBIBYTE + 1) });
    expect((await exchange()).body).toHaveLength(8 * MEBIBYTE);
    await expect(exchange()).rejects.toEqual(new HttpFailure('too_large'));
  });

  test('fails when nobody listens', async () => {
    await server.stop();
    await expect(exchange()).rejects.toEqual(new HttpFailure('ECONNREFUSED'));
  });

  test.each(['ftp://localhost/', 'file:///etc/hostname', 'data:,x'])('fails for %s', async (url) => {
    await expect(exchange({ url: new URL(url) })).rejects.toEqual(new HttpFailure('protocol'));
  });
});

describe('an answer that stops half-way', () => {
  let server: Server;
  let behave: (socket: Socket) => void;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => behave(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const exchange = (timeoutMs: number) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return send({ method: 'GET', url: new URL(`http://127.0.0.1:${address.port}/`), timeoutMs });
  };

  /** No connection is left over. */
  const closed = () =>
    vi.waitFor(() => expect([...sockets].every(({ closed: isClosed }) => isClosed)).toBe(true));

  test('is a time-out when the connection stays open', async () => {
    behave = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    const start = Date.now();
    await expect(exchange(100)).rejects.toEqual(new HttpFailure('timeout'));
    expect(Date.now() - start).toBeLessThan(2_000);
    await closed();
  });

  test('is a broken connection when it closes', async () => {
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    await expect(exchange(5_000)).rejects.toEqual(new HttpFailure('ECONNRESET'));
  });

  test('is a broken connection when it closes before the status', async () => {
    behave = (socket) => socket.end();
    await expect(exchange(5_000)).rejects.toEqual(new HttpFailure('ECONNRESET'));
  });

  test('is a failure when it changes the protocol', async () => {
    behave = (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    await expect(exchange(5_000)).rejects.toEqual(new HttpFailure('upgrade'));
    await closed();
  });

  test('is a failure when it is not HTTP', async () => {
    behave = (socket) => socket.end('hello\r\n\r\n');
    await expect(exchange(5_000)).rejects.toMatchObject({
      name: 'HttpFailure',
      code: expect.stringMatching(/^HPE_/),
    });
  });
});
