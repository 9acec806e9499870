import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds for the whole exchange, connection included. */
  readonly timeoutMs: number;
  /** Called once the request is on the wire. */
  readonly onSent?: () => void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** No answer: the request may or may not have had its effect. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly code: string;

  constructor(code: string) {
    super(`no answer: ${code}`);
    this.code = code;
  }
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

const options = { keepAlive: true, maxSockets: 32 };

/** An agent that takes connections which were opened before there was anything to send. */
class EarlyAgent extends https.Agent {
  readonly #early = new Map<string, Set<TLSSocket>>();

  /** Makes sure that `count` connections to the host wait for a request. */
  open({ hostname, port: given }: URL, count: number): void {
    const host = hostname.replace(/^\[|\]$/g, '');
    const port = Number(given) || 443;
    const waiting = this.#waiting({ host, port });
    const idle = Object.entries(this.freeSockets).find(([name]) => name.startsWith(`${host}:${port}:`))?.[1];
    for (let missing = count - waiting.size - (idle?.length ?? 0); missing > 0; missing--) {
      const socket = connect({ ...this.options, host, port, servername: isIP(host) === 0 ? host : '' });
      waiting.add(socket);
      // Whoever needs the host connects again, and learns why that does not work.
      const forget = (): boolean => waiting.delete(socket);
      socket.once('error', forget).once('close', forget);
      // An idle function may end.
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
// One context for all hosts, since each one made costs a millisecond.
const agents = {
  'https:': new EarlyAgent({ ...options, secureContext: createSecureContext() }),
  'http:': new http.Agent(options),
};

/** Opens a connection that a request will need soon, so that its handshakes pass while other things are done. */
export function openEarly(url: string, count = 1): void {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'https:') agents['https:'].open(parsed, count);
}

/**
 * One HTTP exchange. Redirects are answers like any other: they are not followed.
 *
 * @throws {HttpFailure} `timeout`, `too_large`, or the system's code of a broken connection such as `ECONNRESET`
 */
export function send(request: HttpRequest): Promise<HttpResponse> {
  const { protocol } = request.url;
  if (protocol !== 'https:' && protocol !== 'http:') return Promise.reject(new HttpFailure('protocol'));
  const transport = protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = transport.request(
      request.url,
      { method: request.method, headers: withLength(request), agent: agents[protocol] },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY_BYTES) outgoing.destroy(new HttpFailure('too_large'));
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('aborted', () => fail(new HttpFailure('ECONNRESET')));
        incoming.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    const timer = setTimeout(() => outgoing.destroy(new HttpFailure('timeout')), request.timeoutMs);
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(error instanceof HttpFailure ? error : new HttpFailure(codeOf(error)));
    }
    outgoing.on('error', fail);
    if (request.onSent !== undefined) outgoing.on('finish', request.onSent);
    outgoing.end(request.body);
  });
}

function withLength({ headers, body }: HttpRequest): Record<string, string> {
  return {
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
