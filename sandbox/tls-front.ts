import { connect } from 'node:net';
import { createServer } from 'node:tls';

export interface Front {
  readonly url: string;
  /** How many connections were made to it so far. */
  readonly connections: () => number;
  stop(): void;
}

/** TLS in front of a stand-in: the bytes are passed on as they are. */
export async function startFront(url: string, certificate: { key: string; cert: string }): Promise<Front> {
  let connections = 0;
  const server = createServer(certificate, (outer) => {
    connections += 1;
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
    stop: () => server.close(),
  };
}
