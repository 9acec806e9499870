import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';

const options = { keepAlive: true, maxSockets: 32 };

/** An agent that uses connections which were opened before there was a request to send. */
class PreconnectingAgent extends https.Agent {
  readonly #early = new Map<string, Set<TLSSocket>>();

  /** Opens connections to the host until `count` of them are idle. */
  open({ hostname, port: given }: URL, count: number): void {
    const host = hostname.replace(/^\[|\]$/g, '');
    const port = Number(given) || 443;
    const waiting = this.#waiting({ host, port });
    const idle = Object.entries(this.freeSockets).find(([name]) => name.startsWith(`${host}:${port}:`))?.[1];
    for (let missing = count - waiting.size - (idle?.length ?? 0); missing > 0; missing--) {
      const socket = connect({ ...this.options, host, port, servername: isIP(host) === 0 ? host : '' });
      waiting.add(socket);
      // The request that needs the host connects again, and gets the error.
      const forget = (): boolean => waiting.delete(socket);
      socket.once('error', forget).once('close', forget);
      // An open connection does not keep the process alive.
      socket.unref();
    }
  }

  override createConnection(
    wanted: https.RequestOptions,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const waiting = this.#waiting(wanted);
    for (const socket of waiting) {
      waiting.delete(socket);
      if (socket.destroyed) continue;
      socket.ref();
      return socket;
    }
    return super.createConnection(wanted, done);
  }

  #waiting({ host, port }: Pick<https.RequestOptions, 'host' | 'port'>): Set<TLSSocket> {
    const key = `${host}:${port}`;
    const waiting = this.#early.get(key) ?? new Set();
    this.#early.set(key, waiting);
    return waiting;
  }
}

// node:https rather than fetch: the first fetch of a process loads undici, 25 ms of a cold start.
// One context for all hosts, since each context takes a millisecond to create.
const secureContext = createSecureContext();
export const agents = {
  'https:': new PreconnectingAgent({ ...options, secureContext }),
  'http:': new http.Agent(options),
};

/** Each connection carries one request: behind a load balancer, a kept one leads to the same node again and again. */
export const singleUseAgents = {
  'https:': new PreconnectingAgent({ ...options, keepAlive: false, secureContext }),
  'http:': new http.Agent({ ...options, keepAlive: false }),
};

/**
 * Opens connections that requests will need soon, so that their handshakes overlap with other work.
 *
 * @param pool `singleUseAgents` for requests that each take a connection of their own
 */
export function preconnect(url: string, count = 1, pool = agents): void {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'https:') pool['https:'].open(parsed, count);
}
