import type { HttpResponse } from '../platform/http.ts';
import { isTransient, retryAfterMs } from '../platform/retry.ts';

/** GitHub did not do what was asked; the reason names the likely cause. */
export interface GitHubRefusal {
  readonly ok: false;
  readonly reason: string;
  readonly retryable: boolean;
  /** Epoch milliseconds at which GitHub answers this token again, when its rate limit is used up. */
  readonly retryAt?: number;
}

/** GitHub refused a request that another one needed, such as that for the token. */
export class GitHubRefusedError extends Error {
  override readonly name = 'GitHubRefusedError';
  readonly refusal: GitHubRefusal;

  constructor(refused: GitHubRefusal) {
    super(refused.reason);
    this.refusal = refused;
  }
}

/** Where GitHub names no time: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
const UNKNOWN_WAIT_MS = 60_000;
const MIN_WAIT_MS = 1_000;
/** GitHub's limits are counted by the hour. */
const MAX_WAIT_MS = 3_600_000;

export function refusal(method: string, response: HttpResponse): GitHubRefusal {
  const { status } = response;
  const waitMs = rateLimitMs(response) ?? (status === 429 ? UNKNOWN_WAIT_MS : undefined);
  if (waitMs !== undefined) {
    const retryAt = Date.now() + Math.min(Math.max(waitMs, MIN_WAIT_MS), MAX_WAIT_MS);
    return { ok: false, reason: `GitHub's rate limit is used up (HTTP ${status})`, retryable: true, retryAt };
  }
  return { ok: false, reason: explain(method, status), retryable: isTransient(status) || status === 401 };
}

/**
 * Milliseconds until GitHub answers this token again, or `undefined` when the answer is no rate limit, or is one
 * without a time that another attempt may get past. A request before that time prolongs the limit: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function rateLimitMs(response: HttpResponse): number | undefined {
  const { body, headers, status } = response;
  if (status !== 403 && status !== 429) return undefined;
  const wait = retryAfterMs(response);
  if (wait !== undefined) return wait;
  if (headers['x-ratelimit-remaining'] === '0') {
    const reset = Number(headers['x-ratelimit-reset']) * 1_000;
    return Number.isFinite(reset) ? reset - Date.now() : UNKNOWN_WAIT_MS;
  }
  return /secondary rate limit/i.test(body) ? UNKNOWN_WAIT_MS : undefined;
}

/** An answer whose body is not what the documentation says. */
export const undocumented: GitHubRefusal = {
  ok: false,
  reason: 'GitHub answered with a body that is not the documented JSON',
  retryable: true,
};

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
