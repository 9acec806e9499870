import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { unzipSync } from 'fflate';

export interface RuntimeOptions {
  /** The path of a packaged function's zip. */
  readonly zip: string;
  /** As in the template: `handlers/webhook.handler`. */
  readonly handler: string;
  /** All that the function finds in its environment, beside what Lambda itself sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** What the function answered, or the error that Lambda would hand to the caller. */
export type Answer = { readonly response: unknown } | { readonly error: FunctionError };

export interface Runtime {
  /** Invokes the function; one invocation at a time, as in one Lambda environment. */
  invoke(event: unknown): Promise<Answer>;
  /** The lines that the function wrote to its log so far. */
  readonly logs: readonly string[];
  stop(): Promise<void>;
}

interface Invocation {
  readonly id: string;
  readonly body: string;
  readonly settle: (answer: Answer) => void;
}

const prefix = '/2018-06-01/runtime';
const client = createRequire(import.meta.url).resolve('aws-lambda-ric');

/**
 * Unzips a packaged function outside of the project, where it finds no `node_modules`, and runs it under AWS's own
 * runtime client. The client talks to a Lambda Runtime API that is served here.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startRuntime({
  zip,
  handler,
  env,
  timeoutSeconds = 60,
}: RuntimeOptions): Promise<Runtime> {
  const taskRoot = await unzip(zip);
  const invocations = new Invocations(timeoutSeconds);
  const server = createServer((request, response) => void invocations.serve(request, response));
  const port = await listen(server);
  const logs: string[] = [];
  const child = startClient(taskRoot, { ...lambdaEnvironment(handler, taskRoot, port), ...env }, logs);
  child.once('exit', (code) =>
    invocations.fail('Runtime.ExitError', `Runtime exited with ${code ?? 'a signal'}`),
  );

  return {
    logs,
    async invoke(event) {
      const answer = await invocations.add(event);
      if ('error' in answer && answer.error.errorType === 'Sandbox.Timedout') child.kill('SIGKILL');
      return answer;
    },
    async stop() {
      await ended(child);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(taskRoot, { recursive: true, force: true });
    },
  };
}

/** The service side of the Runtime API: hands out one event at a time and takes its answer. */
class Invocations {
  readonly #timeoutSeconds: number;
  #waiting: Invocation[] = [];
  #running: Invocation | undefined;
  #idleClient: ServerResponse | undefined;
  #broken: FunctionError | undefined;

  constructor(timeoutSeconds: number) {
    this.#timeoutSeconds = timeoutSeconds;
  }

  add(event: unknown): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    if (this.#broken !== undefined) return Promise.resolve({ error: this.#broken });
    this.#waiting.push({ id: randomUUID(), body: JSON.stringify(event), settle: resolve });
    this.#handOut();
    return promise;
  }

  /** The environment is lost: every open invocation, and every later one, ends in this error. */
  fail(errorType: string, errorMessage: string): void {
    this.#broken ??= { errorType, errorMessage };
    for (const { settle } of [this.#running, ...this.#waiting].filter((open) => open !== undefined)) {
      settle({ error: this.#broken });
    }
    this.#waiting = [];
    this.#running = undefined;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url } = request;
    if (method === 'GET' && url === `${prefix}/invocation/next`) {
      this.#idleClient = response;
      this.#handOut();
      return;
    }
    const body = await text(request);
    const running = this.#running;
    if (method === 'POST' && url === `${prefix}/init/error`) {
      const { errorType, errorMessage }: FunctionError = JSON.parse(body);
      this.fail(errorType, errorMessage);
    } else if (
      method === 'POST' &&
      running !== undefined &&
      url === `${prefix}/invocation/${running.id}/response`
    ) {
      this.#settle(running, { response: body === '' ? undefined : JSON.parse(body) });
    } else if (
      method === 'POST' &&
      running !== undefined &&
      url === `${prefix}/invocation/${running.id}/error`
    ) {
      const { errorType, errorMessage }: FunctionError = JSON.parse(body);
      this.#settle(running, { error: { errorType, errorMessage } });
    } else {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
  }

  #settle({ settle }: Invocation, answer: Answer): void {
    this.#running = undefined;
    settle(answer);
  }

  #handOut(): void {
    const response = this.#idleClient;
    if (response === undefined || this.#running !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running = next;
    this.#idleClient = undefined;
    setTimeout(() => {
      if (this.#running === next)
        this.fail('Sandbox.Timedout', `Task timed out after ${this.#timeoutSeconds} seconds`);
    }, this.#timeoutSeconds * 1000).unref();
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': next.id,
        'Lambda-Runtime-Deadline-Ms': String(Date.now() + this.#timeoutSeconds * 1000),
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:test',
        'Lambda-Runtime-Trace-Id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
      })
      .end(next.body);
  }
}

function lambdaEnvironment(handler: string, taskRoot: string, port: number): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: taskRoot,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'test',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/test',
    AWS_LAMBDA_LOG_STREAM_NAME: 'test',
    AWS_REGION: 'us-east-1',
    TZ: ':UTC',
  };
}

function startClient(cwd: string, env: Record<string, string>, logs: string[]): ChildProcess {
  const child = spawn(process.execPath, [client], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => logs.push(line));
  }
  return child;
}

async function unzip(zip: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lambda-'));
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(zip)))) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  return folder;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}
