import { connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';

export interface Front {
  readonly url: string;
  /** How many connections were made to it so far. */
  readonly connections: () => number;
  /** Breaks all connections that there are. */
  drop(): void;
  stop(): void;
}

/** TLS in front of a stand-in: the bytes are passed on as they are. */
export async function startFront(url: string, certificate: { key: string; cert: string }): Promise<Front> {
  let connections = 0;
  const open = new Set<TLSSocket>();
  const server = createServer(certificate, (outer) => {
    connections += 1;
    open.add(outer);
    outer.once('close', () => open.delete(outer));
    const inner = connect(Number(new URL(url).port), '127.0.0.1');
    inner.setNoDelay(true);
    outer.setNoDelay(true);
    outer.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => outer.destroy()).pipe(outer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front has no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    connections: () => connections,
    drop: () => {
      for (const socket of open) socket.destroy();
    },
    stop: () => server.close(),
  };
}
