import { randomUUID } from 'node:crypto';
import { format } from 'node:util';
import type { APIGatewayProxyStructuredResultV2, Context, SQSBatchResponse } from 'aws-lambda';
import { vi } from 'vitest';
import type { AftermathResult } from '../../lib/aftermath/aftermath-parts.ts';
import type { Digested } from '../../lib/audit/digest/write-digests.ts';
import type { Reconciled } from '../../lib/audit/reconcile/reconcile.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { DrillResult } from '../../lib/drill/run-drill.ts';
import type { EnrollResult } from '../../lib/enroll/enroll-tagged.ts';
import type { AlertSweepResult } from '../../lib/sweep/alerts/sweep-alerts.ts';
import type { SweepResult } from '../../lib/sweep/keys/deps.ts';

/** What each function answers. */
export type Answers = {
  webhook: APIGatewayProxyStructuredResultV2;
  revoke: Outcome | SQSBatchResponse | AftermathResult;
  digest: Digested;
  reconcile: Reconciled;
  enroll: EnrollResult;
  drill: DrillResult;
  'sweep-keys': SweepResult;
  'sweep-alerts': AlertSweepResult;
};
export type Handler<Name extends keyof Answers> = (
  event: unknown,
  context?: Context,
) => Promise<Answers[Name]>;

/**
 * The exported, wrapped handler of a cold container: its modules are loaded afresh, and of the settings only `env` is
 * set. An error that it throws is of a class of its own too: compare the name, not the class.
 */
export async function loadHandler<Name extends keyof Answers>(
  name: Name,
  env: Readonly<Record<string, string>>,
): Promise<Handler<Name>> {
  vi.resetModules();
  vi.unstubAllEnvs();
  for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
  const { handler }: { handler: Handler<Name> } = await import(`../../handlers/${name}.ts`);
  return (event, context = lambdaContext()) => handler(event, context);
}

/** The context of an invocation that has 60 s, as Lambda's runtime for Node 24 hands it over. */
export function lambdaContext(overrides: Partial<Context> = {}): Context {
  const deadline = Date.now() + 60_000;
  const functionName = 'devin-key-revoker';
  const noCallbacks = () => {
    throw new Error('Node 24 functions have no callbacks');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: '2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef',
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: noCallbacks,
    fail: noCallbacks,
    succeed: noCallbacks,
    ...overrides,
  };
}

export type Output = ReturnType<typeof captureOutput>;

const MEASURES: readonly unknown[] = ['Attempts', 'SecondsToRevoke', 'SearchSeconds'];

/** Records, and keeps from the terminal, all that is written to standard output, standard error and the console. */
export function captureOutput() {
  let written = '';
  const record = (chunk: string | Uint8Array): boolean => {
    written += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  const entries = (): Record<string, unknown>[] =>
    written
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(record),
    vi.spyOn(process.stderr, 'write').mockImplementation(record),
    // vitest has a console of its own, which does not write to the streams
    ...(['debug', 'info', 'log', 'warn', 'error'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation((...args) => {
        record(`${format(...args)}\n`);
      }),
    ),
  ];
  return {
    text: (): string => written,
    /** the JSON lines; another line throws */
    entries,
    /** The metrics that were counted, in order: the status where there is one, else the metric's name. No measures. */
    counted: (): unknown[] =>
      entries()
        .flatMap((entry) => ('_aws' in entry ? [entry.status ?? Object.keys(entry).at(-1)] : []))
        .filter((name) => !MEASURES.includes(name)),
    clear: (): void => {
      written = '';
    },
    restore: (): void => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
