import { once } from 'node:events';
import { createServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { selfSigned } from '../../sandbox/certificate.ts';

const trusted = selfSigned();
let lib: typeof import('../../lib/platform/http.ts') & typeof import('../../lib/platform/preconnect.ts');
const started: { close(): void }[] = [];

beforeAll(async () => {
  setDefaultCACertificates([...getCACertificates('default'), trusted.cert]);
  vi.resetModules();
  const preconnecting = await import('../../lib/platform/preconnect.ts');
  lib = { ...(await import('../../lib/platform/http.ts')), ...preconnecting };
});
afterEach(() => {
  for (const server of started.splice(0)) server.close();
});

describe('a connection that was opened early', () => {
  test('is the one that the request goes over', async () => {
    const { sockets, url } = await serve(trusted);
    lib.preconnect(url);
    await connected(sockets, 1);
    expect(await get(url)).toBe(200);
    expect(sockets).toHaveLength(1);
  });

  test('is one of as many as are asked for, idle ones included', async () => {
    const { sockets, url } = await serve(trusted);
    await get(url);
    lib.preconnect(url, 2);
    await connected(sockets, 2);
    expect(await Promise.all([get(url), get(url)])).toEqual([200, 200]);
    expect(sockets).toHaveLength(2);
  });

  test('may be taken before its handshake is over', async () => {
    const { sockets, url } = await serve(trusted);
    lib.preconnect(url);
    expect(await get(url)).toBe(200);
    expect(sockets).toHaveLength(1);
  });

  test('is replaced when the other side closed it', async () => {
    const { sockets, url } = await serve(trusted);
    lib.preconnect(url);
    await connected(sockets, 1);
    sockets[0]?.destroy();
    await vi.waitFor(async () => expect(await get(url)).toBe(200));
    expect(sockets).toHaveLength(2);
  });

  test('to a server that nobody vouches for is refused', async () => {
    const { url } = await serve(selfSigned());
    lib.preconnect(url);
    await expect(get(url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('to a server with a certificate for another name is refused', async () => {
    const { url } = await serve(trusted);
    const other = url.replace('127.0.0.1', 'localhost');
    lib.preconnect(other);
    await expect(get(other)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('to nowhere fails without a word until a request needs it', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = urlOf(server);
    server.close();
    await once(server, 'close');
    lib.preconnect(url);
    await expect(get(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each(['', 'not a URL', 'http://127.0.0.1:1'])('is not made to "%s"', (url) => {
    expect(() => lib.preconnect(url)).not.toThrow();
  });
});

async function serve(certificate: {
  key: string;
  cert: string;
}): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer(certificate, (_request, response) => response.end('ok'));
  server.on('secureConnection', (socket) => sockets.push(socket));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push({ close: () => server.close().closeAllConnections() });
  return { url: urlOf(server), sockets };
}

function urlOf(server: { address(): unknown }): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null && 'port' in address ? address.port : '';
  return `https://127.0.0.1:${port}`;
}

const connected = (sockets: Socket[], count: number) => vi.waitFor(() => expect(sockets).toHaveLength(count));

async function get(url: string): Promise<number> {
  const { status } = await lib.send({ method: 'GET', url: new URL(url), timeoutMs: 5_000 });
  return status;
}
