import * as http from 'node:http';
import * as https from 'node:https';
import { errorCode } from './error-code.ts';
import { agents, singleUseAgents } from './preconnect.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** How the answer's bytes become text: `utf8`, or `latin1` for every byte as it is. */
  readonly encoding?: 'utf8' | 'latin1';
  /** Milliseconds for the whole exchange, connection included. */
  readonly timeoutMs: number;
  /** Sent on a connection that carries nothing else. */
  readonly ownConnection?: boolean;
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

/**
 * One HTTP exchange. Redirects are answers like any other: they are not followed.
 *
 * @throws {HttpFailure} `timeout`, `too_large`, `upgrade`, or the system's code of a broken connection such as `ECONNRESET`
 */
export function send(request: HttpRequest): Promise<HttpResponse> {
  const { protocol } = request.url;
  if (protocol !== 'https:' && protocol !== 'http:') return Promise.reject(new HttpFailure('protocol'));
  const transport = protocol === 'https:' ? https : http;
  const pool = request.ownConnection ? singleUseAgents : agents;
  return new Promise((resolve, reject) => {
    const outgoing = transport.request(
      request.url,
      { method: request.method, headers: request.headers, agent: pool[protocol] },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY_BYTES) giveUp('too_large');
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(request.encoding),
          });
        });
      },
    );
    const timer = setTimeout(() => giveUp('timeout'), request.timeoutMs);
    function giveUp(code: string): void {
      // Before it is destroyed: a request whose socket is gone already reports no error.
      fail(new HttpFailure(code));
      outgoing.destroy();
    }
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(error instanceof HttpFailure ? error : new HttpFailure(errorCode(error) ?? error.name));
    }
    outgoing.on('error', fail);
    // Without a listener, the socket is closed and nothing is reported.
    outgoing.on('upgrade', (_incoming, socket) => {
      socket.destroy();
      giveUp('upgrade');
    });
    if (request.onSent !== undefined) outgoing.on('finish', request.onSent);
    outgoing.end(request.body);
  });
}
