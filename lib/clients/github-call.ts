import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { type GitHubRefusal, GitHubRefusedError, rateLimitMs } from './github-refusal.ts';
import { type GitHubToken, githubHeaders } from './github-token.ts';

export type Answer =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'refused'; readonly refusal: GitHubRefusal };

/** One request of GitHub's API; the path begins with a slash. @throws {SecretError} when there is no token */
export type GitHubCall = (
  method: string,
  path: string,
  retry: RetryOptions,
  body?: object,
) => Promise<Answer>;

/** Tries a token that was refused once more, read afresh. A rate limit is an answer that is not asked for again. */
export function githubCall(baseUrl: string, token: GitHubToken): GitHubCall {
  return async (method, path, retry, body) => {
    const url = new URL(baseUrl + path);
    try {
      for (let fresh = false; ; fresh = true) {
        const headers: Record<string, string> = {
          ...githubHeaders,
          authorization: `Bearer ${(await token.get(retry.deadline)).reveal()}`,
          ...(body && { 'content-type': 'application/json' }),
        };
        const request = { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
        const { response } = await sendRetrying(request, { ...retry, isFinal: isRateLimited });
        if (response.status !== 401 || fresh) return { kind: 'answered', response };
        token.forget();
      }
    } catch (error) {
      if (error instanceof GitHubRefusedError) return { kind: 'refused', refusal: error.refusal };
      if (!(error instanceof HttpFailure)) throw error;
      return refused(`GitHub did not answer ${method} (${error.code})`, true);
    }
  };
}

export function refused(reason: string, retryable: boolean): Answer {
  return { kind: 'refused', refusal: { ok: false, reason, retryable } };
}

function isRateLimited(response: HttpResponse): boolean {
  return rateLimitMs(response) !== undefined;
}
