import * as z from 'zod/mini';
import type { GitHubAlertRef } from '../domain/report.ts';
import { Token } from '../domain/token.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isTransient, type RetryOptions, retryAfterMs, sendRetrying } from '../platform/retry.ts';
import { type GitHubToken, githubHeaders } from './github-token.ts';

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

const ListedAlerts = z.array(
  z.object({
    number: z.int(),
    created_at: z.string(),
    updated_at: z.nullish(z.string()),
    repository: z.object({ full_name: z.string() }),
  }),
);

/** One page of an organisation's open alerts, without their secrets. */
export type AlertListing =
  | {
      readonly ok: true;
      readonly alerts: z.infer<typeof ListedAlerts>;
      /** The cursor of the next page; `undefined` on the last. */
      readonly next: string | undefined;
    }
  | (GitHubRefusal & {
      /** Epoch milliseconds at which GitHub answers this token again, when its rate limit is used up. */
      readonly limitedUntil?: number;
    });

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
  /** Open alerts of some secret types over an organisation, the newest first. */
  listOpenAlerts(
    where: {
      readonly org: string;
      readonly secretTypes: readonly string[];
      readonly after: string | undefined;
    },
    retry: RetryOptions,
  ): Promise<AlertListing>;
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
    path: string,
    retry: RetryOptions,
    body?: object,
  ): Promise<HttpResponse | GitHubRefusal> {
    const url = new URL(baseUrl + path);
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
      const response = await call('GET', alertPath(ref), retry);
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

    async listOpenAlerts({ after, org, secretTypes }, retry) {
      const query = new URLSearchParams({
        state: 'open',
        secret_type: secretTypes.join(','),
        sort: 'created',
        direction: 'desc',
        per_page: '100',
        hide_secret: 'true',
        ...(after !== undefined && { after }),
      });
      const response = await call(
        'GET',
        `/orgs/${encodeURIComponent(org)}/secret-scanning/alerts?${query}`,
        retry,
      );
      return 'ok' in response ? response : readAlerts(response);
    },

    async resolveAlert(ref, comment, retry) {
      const resolution = { state: 'resolved', resolution: 'revoked', resolution_comment: comment };
      let response = await call('PATCH', alertPath(ref), retry, { ...resolution, validity: 'inactive' });
      // 422 also when the validity can not be set on this alert; resolving it is what matters.
      if ('status' in response && response.status === 422)
        response = await call('PATCH', alertPath(ref), retry, resolution);
      if ('ok' in response) return response;
      return response.status === 200 ? { ok: true } : refusal('PATCH', response);
    },
  };
}

function alertPath({ number, owner, repo }: GitHubAlertRef): string {
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/secret-scanning/alerts/${number}`;
}

function readAlerts(response: HttpResponse): AlertListing {
  const { headers, status } = response;
  if (status !== 200) {
    const until = limitedUntil(response);
    return { ...refusal('GET', response), ...(until !== undefined && { limitedUntil: until }) };
  }
  const alerts = parseJson(response.body, ListedAlerts);
  if (alerts === undefined) {
    const reason = 'GitHub answered with a body that is not the documented JSON';
    return { ok: false, reason, retryable: true };
  }
  return { ok: true, alerts, next: nextCursor(headers.link) };
}

/** The cursor alone is taken from the link, never its host: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function nextCursor(link: string | string[] | undefined): string | undefined {
  const next = /<([^>]*)>;\s*rel="next"/.exec(String(link ?? ''))?.[1];
  return URL.parse(next ?? '')?.searchParams.get('after') ?? undefined;
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function limitedUntil(response: HttpResponse): number | undefined {
  const { headers, status } = response;
  if (status !== 403 && status !== 429) return undefined;
  const wait = retryAfterMs(response);
  if (wait !== undefined) return Date.now() + wait;
  if (headers['x-ratelimit-remaining'] !== '0') return status === 429 ? Date.now() + 60_000 : undefined;
  const reset = Number(headers['x-ratelimit-reset']) * 1_000;
  return Number.isFinite(reset) ? reset : Date.now() + 60_000;
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
