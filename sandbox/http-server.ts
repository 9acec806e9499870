import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export type SandboxRequest = {
  method: string;
  /** without the query */
  path: string;
  query: URLSearchParams;
  /** as it was sent, without the question mark */
  rawQuery: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** counts the server's connections; requests on the same one have the same number */
  connection?: number;
};

export type SandboxAnswer = {
  status: number;
  headers?: Record<string, string>;
  /** an object is sent as JSON */
  body?: string | Buffer | object | undefined;
};

/** What happened, without any credential: neither headers nor bodies are kept. */
export type LogEntry = {
  /** arrival, epoch milliseconds */
  at: number;
  method: string;
  path: string;
  query: string;
  /** 0 while unanswered, and forever when the connection was broken */
  status: number;
  operation?: string;
  secretId?: string;
  versionStage?: string;
  /** on which of the server's connections */
  connection?: number;
};

/** Where a fault hits (all that is given must match), how often, and what happens then. */
export type Fault = {
  method?: string;
  path?: string | RegExp;
  operation?: string;
  /** default 1; Infinity until `clearFaults()` */
  times?: number;
  /** answered without any effect on the state */
  status?: number;
  headers?: Record<string, string>;
  body?: string | object;
  /** before anything else; a caller that hangs up before the end causes no effect */
  delayMs?: number;
  /** breaks the connection before, or after, the request took effect */
  reset?: 'before' | 'after';
};

type Arrival = 'hang up' | number | undefined;

/** Read at every request, so that a test can change them at any time. */
export type ServerKnobs = {
  latencyMs?: number;
  /** runs when the request took effect, before its answer */
  onRequest?: ((entry: LogEntry) => void | Promise<void>) | undefined;
  /** runs before the request takes effect; `hang up` breaks the connection instead, a status refuses the request */
  onArrival?: ((entry: LogEntry, request: SandboxRequest) => Arrival | Promise<Arrival>) | undefined;
};

export type SandboxServer = {
  url: string;
  requests: LogEntry[];
  fault(fault: Fault): void;
  clearFaults(): void;
  stop(): Promise<void>;
};

export type ServerOptions = {
  handle(request: SandboxRequest, entry: LogEntry): Promise<SandboxAnswer> | SandboxAnswer;
  /** names the operation for the log and for faults */
  describe?(request: SandboxRequest): Partial<LogEntry>;
  /** the service's own error for a fault that gives a status alone */
  refuse?(status: number, request: SandboxRequest): SandboxAnswer;
  knobs?: ServerKnobs;
};

/** An HTTP server on a free loopback port that logs, delays and fails on demand. */
export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  const knobs = options.knobs ?? {};
  const requests: LogEntry[] = [];
  const faults: Fault[] = [];
  const stopping = new AbortController();

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      // a defect of the sandbox, not an injected fault
      if (response.headersSent) response.destroy();
      else write(response, { status: 500, body: `sandbox: ${String(error)}` });
    });
  });

  const connections = new WeakMap<object, number>();
  let accepted = 0;
  server.on('connection', (socket) => connections.set(socket, accepted++));

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = connections.get(incoming.socket) ?? 0;
    const request = { ...(await read(incoming)), connection };
    const entry: LogEntry = {
      at: Date.now(),
      method: request.method,
      path: request.path,
      query: request.rawQuery,
      status: 0,
      connection,
      ...options.describe?.(request),
    };
    requests.push(entry);
    const fault = takeFault(faults, entry);
    await wait(fault?.delayMs, response, stopping.signal);
    await wait(knobs.latencyMs, response, stopping.signal);
    const arrival = await knobs.onArrival?.(entry, request);
    if (arrival === 'hang up' || fault?.reset === 'before' || response.destroyed) {
      response.destroy();
      return;
    }
    const refused = typeof arrival === 'number' ? { status: arrival } : fault;
    const answer = planned(refused, request, options.refuse) ?? (await options.handle(request, entry));
    entry.status = answer.status;
    await knobs.onRequest?.(entry);
    if (fault?.reset === 'after') {
      entry.status = 0;
      response.destroy();
      return;
    }
    write(response, answer);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    fault: (fault) => {
      faults.push({ times: 1, ...fault });
    },
    clearFaults: () => {
      faults.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        stopping.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage): Promise<SandboxRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const target = incoming.url ?? '/';
  const question = target.indexOf('?');
  const rawQuery = question < 0 ? '' : target.slice(question + 1);
  return {
    method: incoming.method ?? 'GET',
    path: question < 0 ? target : target.slice(0, question),
    query: new URLSearchParams(rawQuery),
    rawQuery,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

function takeFault(faults: Fault[], entry: LogEntry): Fault | undefined {
  const fault = faults.find(
    ({ method, path, operation, times = 1 }) =>
      times > 0 &&
      (method === undefined || method.toUpperCase() === entry.method) &&
      (operation === undefined || operation === entry.operation) &&
      (path === undefined || (typeof path === 'string' ? path === entry.path : path.test(entry.path))),
  );
  if (fault) fault.times = (fault.times ?? 1) - 1;
  return fault;
}

function planned(
  fault: Fault | undefined,
  request: SandboxRequest,
  refuse: ServerOptions['refuse'],
): SandboxAnswer | undefined {
  if (fault === undefined || (fault.status === undefined && fault.body === undefined)) return undefined;
  const status = fault.status ?? 200;
  const standard = fault.body === undefined ? refuse?.(status, request) : undefined;
  const answer = standard ?? { status, body: fault.body };
  return { ...answer, headers: { ...answer.headers, ...fault.headers } };
}

/** Ends early when the caller hangs up or the server stops. */
async function wait(ms: number | undefined, response: ServerResponse, stopped: AbortSignal): Promise<void> {
  if (!ms) return;
  const gone = new AbortController();
  const hangUp = () => gone.abort();
  response.once('close', hangUp);
  // a timer holds at most 2^31 - 1 ms, a longer one fires at once
  await sleep(Math.min(ms, 2 ** 31 - 1), undefined, {
    signal: AbortSignal.any([gone.signal, stopped]),
  }).catch(() => {});
  response.off('close', hangUp);
}

function write(response: ServerResponse, answer: SandboxAnswer): void {
  const { body } = answer;
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  const bytes = isJson ? Buffer.from(JSON.stringify(body)) : Buffer.from(body ?? '');
  const headers: Record<string, string> = { ...(isJson && { 'content-type': 'application/json' }) };
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value;
  // an answer to HEAD may name the length of a body that it does not carry
  headers['content-length'] ??= String(bytes.length);
  response.writeHead(answer.status, headers);
  response.end(bytes);
}
