import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { sleep } from '../platform/retry.ts';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkErrorCode, sdkOptions } from './sdk-options.ts';

/** What a function answered. `payload` is JSON. */
export type Invoked =
  | { readonly kind: 'answered'; readonly payload: string }
  /** It threw, or timed out: it may have acted. */
  | { readonly kind: 'threw'; readonly payload: string }
  /** It was not started: the call was refused. */
  | { readonly kind: 'refused'; readonly code: string }
  /** No answer: it may have been started. */
  | { readonly kind: 'unanswered'; readonly code: string };

export interface Invocation {
  readonly name: string;
  readonly event: object;
  readonly caller: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** How often a call is repeated that Lambda throttles, and so did not start; and the milliseconds in between. */
const THROTTLED_ATTEMPTS = 4;
const THROTTLED_PAUSE_MS = 2_000;

/**
 * Invokes a function and waits for its answer. Only a call that was throttled is repeated: any other may have started.
 *
 * @param caller who asks, as far as the function records it
 * @param signal ends the wait, and not the function
 * @param deadline epoch milliseconds
 */
export async function invokeFunction(
  aws: AwsEnvironment,
  { caller, deadline, event, name, signal }: Invocation,
): Promise<Invoked> {
  const timeoutMs = deadline - Date.now();
  const abortSignal = AbortSignal.any([abortAt(deadline).abortSignal, signal]);
  const client = new LambdaClient(sdkOptions(aws, 'LAMBDA', { attempts: 1, timeoutMs }));
  const command = new InvokeCommand({
    FunctionName: name,
    Payload: Buffer.from(JSON.stringify(event)),
    ClientContext: Buffer.from(JSON.stringify({ custom: { caller } })).toString('base64'),
  });
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const { FunctionError, Payload = new Uint8Array() } = await client.send(command, { abortSignal });
        const payload = Buffer.from(Payload).toString();
        return { kind: FunctionError === undefined ? 'answered' : 'threw', payload };
      } catch (error) {
        const code = sdkErrorCode(error);
        if (code !== 'TooManyRequestsException' || attempt >= THROTTLED_ATTEMPTS) {
          return { kind: isAnswer(error) ? 'refused' : 'unanswered', code };
        }
        await sleep(THROTTLED_PAUSE_MS);
      }
    }
  } finally {
    client.destroy();
  }
}

/** AWS answered with an error of the caller's, so nothing was started. */
function isAnswer(error: unknown): boolean {
  const fault: unknown = error instanceof Error ? Reflect.get(error, '$fault') : undefined;
  return fault === 'client';
}
