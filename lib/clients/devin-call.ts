import type { Token } from '../domain/token.ts';
import { HttpFailure } from '../platform/http.ts';
import { type Retried, type RetryOptions, sendRetrying } from '../platform/retry.ts';
import type { AdminToken } from './devin-admin-token.ts';
import type { Refusal } from './devin-shapes.ts';

export interface DevinRequest {
  readonly method: string;
  /** With its query; ids in it are validated and encoded. */
  readonly path: string;
  readonly body?: object;
  /** On a connection that carries nothing else. */
  readonly ownConnection?: boolean;
}

/** One request to the Devin API v3, retried. @throws {HttpFailure} when the last attempt got no answer */
export function callDevin(
  baseUrl: string,
  { body, method, ownConnection = false, path }: DevinRequest,
  token: Token,
  retry: RetryOptions,
): Promise<Retried> {
  const headers = {
    authorization: `Bearer ${token.reveal()}`,
    accept: 'application/json',
    ...(body && { 'content-type': 'application/json' }),
  };
  const url = new URL(baseUrl + path);
  return sendRetrying(
    { method, url, headers, ownConnection, ...(body && { body: JSON.stringify(body) }) },
    retry,
  );
}

/**
 * The same with a token of a secret, which may have been rotated: after a 401 once more, with the one that is there now.
 * What was uncertain before the 401 stays uncertain.
 *
 * @throws {HttpFailure} when the last attempt got no answer
 * @throws {SecretError}
 */
export async function callDevinAs(
  credential: Pick<AdminToken, 'get' | 'insteadOf'>,
  baseUrl: string,
  request: DevinRequest,
  retry: RetryOptions,
): Promise<Retried> {
  const token = await credential.get();
  const first = await callDevin(baseUrl, request, token, retry);
  if (first.response.status !== 401) return first;
  const rotated = await credential.insteadOf(token);
  if (rotated === undefined) return first;
  const second = await callDevin(baseUrl, request, rotated, retry);
  return { ...second, uncertain: first.uncertain || second.uncertain };
}

/** The same, where an answer that never comes is a refusal like any other. @throws {SecretError} */
export async function askAsAdmin(
  admin: AdminToken,
  baseUrl: string,
  request: DevinRequest,
  retry: RetryOptions,
): Promise<({ readonly ok: true } & Retried) | Refusal> {
  try {
    return { ok: true, ...(await callDevinAs(admin, baseUrl, request, retry)) };
  } catch (error) {
    if (error instanceof HttpFailure) {
      return { ok: false, reason: `Devin did not answer ${request.method} (${error.code})`, retryable: true };
    }
    throw error;
  }
}
