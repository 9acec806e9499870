import { HttpFailure, type HttpRequest } from '../platform/http.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import type { AwsEnvironment, SignedService } from './environment.ts';
import { signed } from './sign-request.ts';

export interface AwsRequest extends Omit<HttpRequest, 'url' | 'timeoutMs'> {
  readonly service: SignedService;
  readonly url: string;
}

/** What came of a call. */
export interface AwsAnswer {
  /** The HTTP status; `undefined` when no answer came, so that the call may or may not have had its effect. */
  readonly status: number | undefined;
  readonly body: string;
  /** S3's tag of the version that was read or written. */
  readonly etag?: string | undefined;
  /** For messages: `HTTP 503`, or why no answer came, such as `timeout`, `ECONNRESET` or `invalid_url`. */
  readonly code: string;
}

/**
 * Signs a request to an AWS service and sends it, with retries. For the first requests of a cold start and the steps of
 * a revocation, where loading an SDK client takes as long as the request itself; all else uses the clients, in the files
 * `*-sdk.ts`. A test holds the requests to those of the SDK.
 */
export async function callAws(
  aws: AwsEnvironment,
  { service, url: address, ...rest }: AwsRequest,
  retry: RetryOptions,
): Promise<AwsAnswer> {
  const url = URL.parse(address);
  if (url === null) return unanswered('invalid_url');
  try {
    const { response } = await sendRetrying(await signed(aws, service, { ...rest, url }), retry);
    const { body, headers, status } = response;
    return { status, body, etag: headers.etag, code: `HTTP ${status}` };
  } catch (error) {
    if (error instanceof HttpFailure) return unanswered(error.code);
    throw error;
  }
}

/**
 * A request of AWS's JSON protocols: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 *
 * @param operation with the service's prefix, such as `AmazonSQS.SendMessage`
 */
export function jsonRequest(version: '1.0' | '1.1', operation: string, input: object) {
  return {
    method: 'POST',
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': operation },
    body: JSON.stringify(input),
  };
}

function unanswered(code: string): AwsAnswer {
  return { status: undefined, body: '', code };
}
