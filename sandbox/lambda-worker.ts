// Runs in a worker thread of its own, as the Lambda runtime runs in a sandbox of its own.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

export type WorkerInput = { bundle: string; handler: string; name: string; memoryMb: number };
/** `mark` is a line that the worker writes to stdout and stderr when the function has ended. */
export type Invocation = { requestId: string; event: string; deadline: number; mark: string };
/** `payload` is JSON, as everything that a function takes and returns. */
export type Answer = { status: 'ok'; payload: string } | { status: 'failed'; name: string; message: string };

const port = parentPort;
if (port === null) throw new Error('this file runs in a worker thread');
const { bundle, handler, name, memoryMb }: WorkerInput = workerData;

type Handler = (event: unknown, context: object) => Promise<unknown>;
const ready = load();
// an error of the initialisation is reported by the invocation that meets it
ready.catch(() => {});

async function load(): Promise<Handler> {
  const exported: Record<string, unknown> = createRequire(import.meta.url)(bundle);
  const found = exported[handler];
  if (typeof found !== 'function') throw new Error(`${handler} is undefined or not exported`);
  return (event, context) => found(event, context);
}

port.on('message', async ({ requestId, event, deadline, mark }: Invocation) => {
  let answer: Answer;
  try {
    const result = await (await ready)(JSON.parse(event), context(requestId, deadline));
    answer = { status: 'ok', payload: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    answer = { status: 'failed', name: error.name, message: error.message };
    console.error(`${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error \t${printed(error)}`);
  }
  // once the marks arrive, the parent has every line before them
  await Promise.all([write(process.stdout, mark), write(process.stderr, mark)]);
  port.postMessage(answer);
});

const write = (stream: NodeJS.WriteStream, line: string) =>
  new Promise<void>((resolve) => {
    stream.write(`${line}\n`, () => resolve());
  });

/** As `aws-lambda-ric` prints it, with the fields of its own that an error carries. */
function printed(error: Error): string {
  return JSON.stringify(error, (_key, value) =>
    value instanceof Error
      ? { errorType: value.name, errorMessage: value.message, ...value, stack: value.stack?.split('\n') }
      : value,
  );
}

function context(requestId: string, deadline: number): object {
  const noCallbacks = () => {
    throw new Error('Node 24 functions have no callbacks');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: noCallbacks,
    fail: noCallbacks,
    succeed: noCallbacks,
  };
}
