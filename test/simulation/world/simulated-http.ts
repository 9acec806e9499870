import { EventEmitter } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';

/** A request as its client sent it. */
export interface Sent {
  readonly method: string;
  readonly origin: string;
  /** with the query */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** a connection that carries nothing else */
  readonly ownConnection: boolean;
}

/** How an exchange ends for the client. Nothing of it is called when the answer never comes. */
export interface Exchange {
  answer(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): void;
  /** The connection breaks. */
  reset(): void;
}

export type Transmit = (sent: Sent, exchange: Exchange) => void;

interface Target {
  readonly method?: string;
  readonly protocol?: string;
  readonly host?: string;
  readonly hostname?: string;
  readonly port?: number | string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly agent?: { readonly options?: { readonly keepAlive?: boolean } };
}

/** The part of `node:http` that the clients use: ours, and the one of the AWS SDK. */
export function simulatedHttp(transmit: Transmit) {
  class Outgoing extends EventEmitter {
    readonly #chunks: Buffer[] = [];
    readonly #sent: Omit<Sent, 'body'>;
    #isOver = false;
    readonly #onAnswer: (incoming: Readable) => void;

    constructor(sent: Omit<Sent, 'body'>, onAnswer: (incoming: Readable) => void) {
      super();
      this.#sent = sent;
      this.#onAnswer = onAnswer;
    }

    write(chunk: string | Uint8Array): boolean {
      this.#chunks.push(Buffer.from(chunk));
      return true;
    }

    end(chunk?: string | Uint8Array): this {
      if (chunk !== undefined) this.write(chunk);
      process.nextTick(() => {
        this.emit('socket', new Socket());
        this.emit('finish');
      });
      transmit(
        { ...this.#sent, body: Buffer.concat(this.#chunks) },
        {
          answer: (status, headers, body) => {
            if (this.#isOver) return;
            this.#isOver = true;
            const incoming = new Readable({ read() {} });
            incoming.push(body);
            incoming.push(null);
            this.#onAnswer(Object.assign(incoming, { statusCode: status, statusMessage: '', headers }));
          },
          reset: () => this.destroy(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })),
        },
      );
      return this;
    }

    destroy(error?: Error): this {
      if (this.#isOver) return this;
      this.#isOver = true;
      if (error !== undefined) process.nextTick(() => this.emit('error', error));
      return this;
    }

    setTimeout(): this {
      return this;
    }
    setHeader(): this {
      return this;
    }
  }

  class Agent extends EventEmitter {
    readonly options: object;
    readonly sockets = {};
    readonly freeSockets = {};
    readonly requests = {};

    constructor(options: object = {}) {
      super();
      this.options = options;
    }
    destroy(): void {}
  }

  return {
    Agent,
    STATUS_CODES,
    request(target: Target | URL, ...rest: (Target | ((incoming: Readable) => void))[]): Outgoing {
      const onAnswer = rest.find((one) => typeof one === 'function') as (incoming: Readable) => void;
      const options = rest.find((one) => typeof one !== 'function') as Target | undefined;
      return new Outgoing(sentBy(target, options), onAnswer);
    },
  };
}

class Socket extends EventEmitter {
  readonly connecting = false;
  setKeepAlive(): void {}
  setTimeout(): void {}
}

function sentBy(target: Target | URL, options: Target = {}): Omit<Sent, 'body'> {
  const given: Target = target instanceof URL ? options : target;
  const origin =
    target instanceof URL
      ? target.origin
      : `${given.protocol ?? 'http:'}//${given.hostname ?? given.host}:${given.port}`;
  const headers = Object.entries(given.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  return {
    method: given.method ?? 'GET',
    origin,
    target: target instanceof URL ? `${target.pathname}${target.search}` : (given.path ?? '/'),
    headers: Object.fromEntries(headers),
    ownConnection: given.agent?.options?.keepAlive === false,
  };
}
