import * as z from 'zod/mini';
import { type GitHubToken, githubHeaders } from './github-token.ts';
import { HttpFailure, type HttpResponse } from './http.ts';
import { parseJson } from './json.ts';
import type { GitHubAlertRef } from './report.ts';
import { isTransient, type RetryOptions, sendRetrying } from './retry.ts';
import { Token } from './token.ts';

const Alert = z.object({
  state: z.string(),
  secret: z.optional(z.string()),
  is_base64_encoded: z.nullish(z.boolean()),
  secret_type: z.optional(z.string()),
  created_at: z.optional(z.string()),
});

/** A secret-scanning alert with its secret, decoded. */
export interface GitHubAlert {
  readonly state: string;
  readonly secret?: Token;
  /** Epoch milliseconds. */
  readonly created_at?: number;
}

/** GitHub did not do what was asked; the reason names the likely cause. */
export interface GitHubRefusal {
  readonly ok: false;
  readonly reason: string;
  readonly retryable: boolean;
}

export interface GitHub {
  getAlert(
    ref: GitHubAlertRef,
    retry: RetryOptions,
  ): Promise<{ ok: true; alert: GitHubAlert } | GitHubRefusal>;
  /** Resolves the alert as revoked; the comment is public to everyone who sees the alert. */
  resolveAlert(
    ref: GitHubAlertRef,
    comment: string,
    retry: RetryOptions,
  ): Promise<{ ok: true } | GitHubRefusal>;
}

/** A client of GitHub's secret-scanning REST API: https://docs.github.com/en/rest/secret-scanning/secret-scanning */
export function githubClient(baseUrl: string, token: GitHubToken): GitHub {
  async function call(
    method: string,
    ref: GitHubAlertRef,
    retry: RetryOptions,
    body?: object,
  ): Promise<HttpResponse | GitHubRefusal> {
    const url = new URL(
      `${baseUrl}/repos/${encodeURIComponent(ref.owner)}/${encodeURIComponent(ref.repo)}/secret-scanning/alerts/${ref.number}`,
    );
    try {
      for (let fresh = false; ; fresh = true) {
        const headers: Record<string, string> = {
          ...githubHeaders,
          authorization: `Bearer ${(await token.get(retry.deadline)).reveal()}`,
          ...(body && { 'content-type': 'application/json' }),
        };
        const request = { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
        const { response } = await sendRetrying(request, retry);
        if (response.status !== 401 || fresh) return response;
        token.forget();
      }
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      return { ok: false, reason: `GitHub did not answer ${method} (${error.code})`, retryable: true };
    }
  }

  return {
    async getAlert(ref, retry) {
      const response = await call('GET', ref, retry);
      if ('ok' in response) return response;
      if (response.status !== 200) return refusal('GET', response);
      const alert = parseJson(response.body, Alert);
      if (alert === undefined) {
        return {
          ok: false,
          reason: 'GitHub answered with a body that is not the documented JSON',
          retryable: true,
        };
      }
      const created = Date.parse(alert.created_at ?? '');
      return {
        ok: true,
        alert: {
          state: alert.state,
          ...(alert.secret !== undefined && {
            secret: decode(alert.secret, alert.is_base64_encoded === true),
          }),
          ...(!Number.isNaN(created) && { created_at: created }),
        },
      };
    },

    async resolveAlert(ref, comment, retry) {
      const resolution = { state: 'resolved', resolution: 'revoked', resolution_comment: comment };
      let response = await call('PATCH', ref, retry, { ...resolution, validity: 'inactive' });
      // 422 also when the validity can not be set on this alert; resolving it is what matters.
      if ('status' in response && response.status === 422)
        response = await call('PATCH', ref, retry, resolution);
      if ('ok' in response) return response;
      return response.status === 200 ? { ok: true } : refusal('PATCH', response);
    },
  };
}

function decode(secret: string, isBase64: boolean): Token {
  return new Token(isBase64 ? Buffer.from(secret, 'base64').toString('utf8') : secret);
}

function refusal(method: string, response: HttpResponse): GitHubRefusal {
  const { status, headers } = response;
  // https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 403 or 429
  const limited = status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers);
  if (limited)
    return { ok: false, reason: `GitHub's rate limit is used up (HTTP ${status})`, retryable: true };
  return { ok: false, reason: explain(method, status), retryable: isTransient(status) || status === 401 };
}

function explain(method: string, status: number): string {
  if (status === 401) return 'GitHub does not accept the token (HTTP 401)';
  if (status === 403 && method === 'PATCH') {
    return 'GitHub refuses to close the alert (HTTP 403): delegated alert dismissal is on and this app is no reviewer, or "Secret scanning alerts: write" is missing';
  }
  if (status === 403)
    return 'GitHub refuses (HTTP 403): the permission "Secret scanning alerts: read" is missing';
  if (status === 404)
    return 'GitHub does not show this alert (HTTP 404): no such alert, no access, or secret scanning is off';
  if (status === 422) return "GitHub rejects the change (HTTP 422): the alert's state does not allow it";
  return `GitHub answered ${method} with HTTP ${status}`;
}
