import { errorCode } from '../platform/error-code.ts';
import type { AwsEnvironment } from './environment.ts';

/** Longer than any invocation, and what a timer of Node can count. */
const MAX_WAIT_MS = 3_600_000;

/**
 * The options that the SDK's clients share. The SDK's own retries apply: exponential backoff, and a budget.
 *
 * @param options.timeoutMs milliseconds for one attempt
 */
export function sdkOptions(
  aws: AwsEnvironment,
  service: Parameters<AwsEnvironment['endpoint']>[0],
  { attempts, timeoutMs }: { attempts: number; timeoutMs: number },
) {
  const endpoint = aws.endpoint(service);
  return {
    region: aws.region,
    credentials: aws.credentials,
    useFipsEndpoint: aws.useFips,
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: Math.min(timeoutMs, 2_500),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
    ...(endpoint !== undefined && { endpoint }),
  };
}

/** Ends a call, its pauses between attempts included. @param deadline epoch milliseconds */
export function abortAt(deadline: number): { abortSignal: AbortSignal } {
  const ms = Math.max(1, Math.min(deadline - Date.now(), MAX_WAIT_MS));
  // Takes whole milliseconds only.
  return { abortSignal: AbortSignal.timeout(Math.ceil(ms)) };
}

/** What may be said of an error of the SDK: the system's code or AWS's name of it. Its message may quote input. */
export function sdkErrorCode(error: unknown): string {
  return error instanceof Error ? (errorCode(error) ?? error.name) : 'unknown';
}
