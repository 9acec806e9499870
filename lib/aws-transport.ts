import type { SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { HttpFailure, send } from './http.ts';

/** What an AWS SDK client hands over to be sent. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/**
 * Lets a JSON client of the AWS SDK send over our own connections. The SDK's own handler would make a cold start load
 * another 40 KiB and HTTP/2, and would not use the connection that was opened early.
 *
 * @param timeoutMs milliseconds for one attempt; the client itself retries
 */
export function sdkTransport(timeoutMs: number): NonNullable<SecretsManagerClientConfig['requestHandler']> {
  return {
    // Named in the client's user agent.
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
      const { headers, hostname, method, path, port, protocol } = request;
      const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
      const body = request.body === undefined ? {} : { body: request.body };
      try {
        const answer = await orAborted(send({ method, url, headers, timeoutMs, ...body }), abortSignal);
        return {
          response: { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.body) },
        };
      } catch (error) {
        // The name by which the SDK's retry strategy knows a time-out.
        if (error instanceof HttpFailure && error.code === 'timeout') throw named('TimeoutError');
        throw error;
      }
    },
  };
}

/** Stops waiting once the signal is aborted; the request itself ends with its own time-out. */
function orAborted<T>(sending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return sending;
  if (signal.aborted) return Promise.reject(named('AbortError'));
  return new Promise((resolve, reject) => {
    const abort = () => reject(named('AbortError'));
    signal.addEventListener('abort', abort, { once: true });
    sending.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function named(name: string): Error {
  return Object.assign(new Error('no answer in time'), { name });
}
