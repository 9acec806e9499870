import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { AdminToken } from './devin-admin-token.ts';
import { askAsAdmin } from './devin-call.ts';
import { refusal, unreadable } from './devin-refusal.ts';
import { type ServiceUserListing, ServiceUserPage } from './devin-shapes.ts';

export interface DevinServiceUsers {
  /** One page of all service users, expired and removed ones too; `after` is the `next` of the page before it. */
  listServiceUsers(after: string | null, retry: RetryOptions): Promise<ServiceUserListing>;
}

/** The listing of an enterprise's service users, which only sweeps and the set-up need. */
export function devinServiceUsers(baseUrl: string, admin: AdminToken): DevinServiceUsers {
  return {
    async listServiceUsers(after, retry) {
      const cursor = after === null ? '' : `&after=${encodeURIComponent(after)}`;
      const path = `/v3/enterprise/members/service-users?first=200&include_inactive=true${cursor}`;
      const result = await askAsAdmin(admin, baseUrl, { method: 'GET', path }, retry);
      return result.ok ? readServiceUsers(result.response) : result;
    },
  };
}

function readServiceUsers(response: HttpResponse): ServiceUserListing {
  if (response.status === 403) {
    const reason =
      "the admin token's service user lacks the enterprise permission ViewAccountMembership (HTTP 403)";
    return { ok: false, status: 403, reason, retryable: false };
  }
  if (response.status !== 200) return refusal('GET', response);
  const page = parseJson(response.body, ServiceUserPage);
  // More to come without a place where it begins is a listing that broke off.
  if (page === undefined || (page.has_next_page && !page.end_cursor)) {
    return { ok: false, ...unreadable('GET', response) };
  }
  const date = Date.parse(response.headers.date ?? '');
  return {
    ok: true,
    users: page.items,
    next: page.has_next_page ? (page.end_cursor ?? null) : null,
    total: page.total ?? undefined,
    date: Number.isNaN(date) ? undefined : date,
  };
}
