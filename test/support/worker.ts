import { afterEach, beforeEach } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { AlertName } from '../../sandbox/github.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { namedRecords, outcomeRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, type Handler, lambdaContext, loadHandler, type Output } from './load-handler.ts';

export const DONE = { batchItemFailures: [] };
export const AGAIN = { batchItemFailures: [{ itemIdentifier: 'message' }] };

/** The exported worker on a fresh sandbox for each test of a file, with a proof window of a second. */
export function worker() {
  let current: { sandbox: Sandbox; output: Output; revoke: Handler<'revoke'> };
  const environment = (env: Record<string, string | undefined> = {}) =>
    current.sandbox.env({ LEAK_QUEUE_URL: undefined, PROOF_WINDOW_SECONDS: '1', ...env });

  beforeEach(async () => {
    const sandbox = await startSandbox({ sqs: false });
    current = { sandbox, output: captureOutput(), revoke: () => Promise.reject(new Error('not loaded')) };
    current.revoke = await loadHandler('revoke', environment());
  });
  afterEach(async () => {
    current.output.restore();
    await current.sandbox.stop();
  });

  return {
    get sandbox() {
      return current.sandbox;
    },
    get output() {
      return current.output;
    },
    /** A cold worker with other settings. */
    load: async (env: Record<string, string | undefined>): Promise<void> => {
      current.revoke = await loadHandler('revoke', environment(env));
    },
    /** A direct invoke. */
    invoke: async (event: unknown, context = lambdaContext()) =>
      (await current.revoke(event, context)) as Outcome,
    /** The message of an alert's report, delivered so many times so far; changes are of the report. */
    deliver: (alert: AlertName, receiveCount = 1, changes: object = {}, context = lambdaContext()) =>
      current.revoke(
        sqsEvent(sqsRecord({ ...alertReport(alert), ...changes }, { messageId: 'message', receiveCount })),
        context,
      ),
    records: () => namedRecords(current.sandbox).map(({ name, record }) => ({ name, ...record.unmapped })),
    outcomes: () => outcomeRecords(current.sandbox).map(({ unmapped }) => unmapped),
  };
}
