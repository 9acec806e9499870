import { randomBytes, randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Answer, Invocation, WorkerInput } from './lambda-worker.ts';

export type FunctionOptions = {
  /** absolute path of a built CommonJS bundle */
  bundle: string;
  /** the whole environment; only the names that Lambda itself sets are added */
  env: Record<string, string>;
  name: string;
  /** name of the export, default `handler` */
  handler?: string;
  /** default 256 */
  memoryMb?: number;
  /** default 30 seconds */
  timeoutMs?: number;
  /** called with each line of the log as it is written */
  onLog?: (line: string) => void;
};

export type InvokeOptions = { requestId?: string; timeoutMs?: number };

export type SandboxFunction = {
  /** Rejects with the name and the message of the function's error. */
  invoke(event: unknown, options?: InvokeOptions): Promise<unknown>;
  /** the lines of stdout and stderr */
  logs: string[];
  /** ends the execution environment: the next invocation is a cold start */
  stop(): Promise<void>;
};

/** One execution environment of a function, as Lambda keeps it: cold at first, one invocation at a time. */
export function startFunction(options: FunctionOptions): SandboxFunction {
  const logs: string[] = [];
  let environment: Environment | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function run(event: unknown, how: InvokeOptions): Promise<unknown> {
    const { requestId = randomUUID(), timeoutMs = options.timeoutMs ?? 30_000 } = how;
    if (environment === undefined || environment.hasEnded()) environment = startEnvironment(options, logs);
    const used = environment;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        // Lambda ends the environment of a function that timed out
        void used.end();
        const seconds = (timeoutMs / 1000).toFixed(2);
        const message = `${new Date().toISOString()} ${requestId} Task timed out after ${seconds} seconds`;
        logs.push(message);
        reject(named('Sandbox.Timedout', message));
      }, timeoutMs);
    });
    const mark = `\u0000end ${randomUUID()}`;
    const deadline = Date.now() + timeoutMs;
    const result = used.invoke({ requestId, event: JSON.stringify(event ?? {}), deadline, mark });
    try {
      return await Promise.race([result, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    logs,
    invoke: (event, how = {}) => {
      const result = queue.then(() => run(event, how));
      queue = result.catch(() => {});
      return result;
    },
    stop: async () => {
      await environment?.end();
    },
  };
}

type Environment = ReturnType<typeof startEnvironment>;
type Pending = { mark: string; resolve(value: unknown): void; reject(error: Error): void };

function startEnvironment(options: FunctionOptions, logs: string[]) {
  const { bundle, handler = 'handler', name, memoryMb = 256 } = options;
  const input: WorkerInput = { bundle, handler, name, memoryMb };
  const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
    workerData: input,
    env: lambdaEnv(options, memoryMb),
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  let pending: Pending | undefined;
  let answer: Answer | undefined;
  let marksSeen = 0;
  let hasEnded = false;

  /** An invocation is over when its answer and everything that it printed have arrived. */
  function settle(): void {
    if (pending === undefined || answer === undefined || marksSeen < 2) return;
    if (answer.status === 'failed') pending.reject(named(answer.name, answer.message));
    else pending.resolve(JSON.parse(answer.payload));
    pending = undefined;
    // an idle environment keeps no process alive
    worker.unref();
  }

  for (const stream of [worker.stdout, worker.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line !== pending?.mark) {
        logs.push(line);
        options.onLog?.(line);
        return;
      }
      marksSeen += 1;
      settle();
    });
  }
  worker.on('message', (message: Answer) => {
    answer = message;
    settle();
  });
  worker.on('error', (error) => {
    hasEnded = true;
    pending?.reject(error instanceof Error ? named(error.name, error.message) : new Error(String(error)));
  });
  worker.on('exit', (code) => {
    hasEnded = true;
    pending?.reject(named('Runtime.ExitError', `Runtime exited with error: exit status ${code}`));
  });

  return {
    hasEnded: () => hasEnded,
    invoke: (invocation: Invocation) =>
      new Promise<unknown>((resolve, reject) => {
        pending = { mark: invocation.mark, resolve, reject };
        answer = undefined;
        marksSeen = 0;
        worker.ref();
        worker.postMessage(invocation);
      }),
    end: async () => {
      hasEnded = true;
      await worker.terminate();
    },
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
function lambdaEnv({ bundle, env, name, handler = 'handler' }: FunctionOptions, memoryMb: number) {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomBytes(16).toString('hex')}`,
    LAMBDA_TASK_ROOT: dirname(bundle),
    TZ: ':UTC',
    _HANDLER: `${name}.${handler}`,
    ...env,
  };
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
