import * as z from 'zod/mini';
import { HttpFailure } from '../platform/http.ts';
import { listOf } from '../platform/list-of.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isTransient, type Retried, type RetryOptions, sendRetrying } from '../platform/retry.ts';
import type { AdminToken } from './devin-admin-token.ts';

// Shapes: https://docs.devin.ai, API reference v3. Loose: unknown fields pass.
const text = z.nullish(z.string());
const Session = z.object({
  session_id: z.string(),
  org_id: z.string(),
  status: z.string(),
  created_at: z.number(),
  url: text,
  title: text,
  pull_requests: z.nullish(listOf(z.object({ pr_url: text }))),
  user_id: text,
  service_user_id: text,
  parent_session_id: text,
  child_session_ids: z.nullish(listOf(z.string())),
});
/** One session; `created_at` in UNIX seconds. Its texts are whatever its starter wrote. */
export type Session = z.infer<typeof Session>;

const AuditEntry = z.object({
  action: z.string(),
  created_at: z.number(),
  data: z.unknown(),
  org_id: text,
  service_user_id: text,
});
/** One act in the enterprise's audit log; `created_at` in UNIX seconds, `data` differs by action. */
export type AuditLogEntry = z.infer<typeof AuditEntry>;

const Schedule = z.object({
  scheduled_session_id: z.string(),
  org_id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  /** RFC 3339. */
  created_at: z.string(),
  created_by: text,
  frequency: text,
});
export type Schedule = z.infer<typeof Schedule>;

const page = <T extends z.core.$ZodType>(item: T) =>
  z.object({
    items: listOf(item),
    end_cursor: text,
    has_next_page: z._default(z.boolean(), false),
    total: z.nullish(z.number()),
  });
const SessionPage = page(Session);
const AuditPage = page(AuditEntry);
const SchedulePage = page(Schedule);

export const ORIGINS = [
  'webapp',
  'slack',
  'teams',
  'api',
  'linear',
  'jira',
  'scheduled',
  'cli',
  'other',
] as const;
export type Origin = (typeof ORIGINS)[number];

/** How far a list was read. `more`: it has more pages than were asked for; asking again does not help. */
export type ListEnd =
  | { readonly status: 'complete' }
  | { readonly status: 'more'; readonly pages: number }
  | { readonly status: 'failed'; readonly reason: string; readonly retryable: boolean };

export interface ListOptions {
  readonly retry: RetryOptions;
  readonly maxPages: number;
}

export type SessionEndAnswer =
  | { readonly status: 'accepted' }
  | {
      readonly status: 'failed';
      readonly reason: string;
      readonly retryable: boolean;
      /** An attempt got no answer or a 5xx, so it may have had its effect unseen. */
      readonly uncertain: boolean;
    };

/** The part of the Devin API that shows what a service user did. Each list gives its items to `take`, page by page. */
export interface DevinActivity {
  /** @param filter.createdAfter UNIX seconds; the API may or may not include that second */
  listSessions(
    filter: { createdAfter: number; serviceUserId?: string; origin?: Origin },
    take: (items: readonly Session[]) => void,
    options: ListOptions,
  ): Promise<ListEnd>;
  /** At most 100 days. UNIX seconds. */
  listAuditLog(
    window: { after: number; before: number },
    take: (items: readonly AuditLogEntry[]) => void,
    options: ListOptions,
  ): Promise<ListEnd>;
  listSchedules(
    orgId: string,
    take: (items: readonly Schedule[]) => void,
    options: ListOptions,
  ): Promise<ListEnd>;
  /** Ends a session so that it stays readable. */
  endSession(session: { session_id: string; org_id: string }, retry: RetryOptions): Promise<SessionEndAnswer>;
}

/** Ids that enter a path, as in lib/domain/key.ts. */
export function isPathId(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,160}$/.test(id) && !id.includes('cog_');
}

/** The operations, as people read of them, and the permission that each needs. */
const SESSIONS = { what: 'sessions', permission: 'ViewAccountSessions' };
const AUDIT_LOG = { what: 'the audit log', permission: 'ManageEnterpriseSettings' };
const SCHEDULES = { what: 'schedules', permission: 'ManageOrgSchedules' };
const ENDING = { what: 'a session', permission: 'ManageOrgSessions' };
type Subject = { readonly what: string; readonly permission: string };

const PAGE = 200;
const SCHEDULE_PAGE = 100;

/** @param credential whose service user may have the permissions; another than the admin token where one is set */
export function devinActivity(baseUrl: string, credential: AdminToken): DevinActivity {
  async function call(method: string, path: string, retry: RetryOptions): Promise<Retried> {
    const token = await credential.get();
    const send = (secret: typeof token) =>
      sendRetrying(
        {
          method,
          url: new URL(baseUrl + path),
          headers: { authorization: `Bearer ${secret.reveal()}`, accept: 'application/json' },
        },
        retry,
      );
    const first = await send(token);
    if (first.response.status !== 401) return first;
    const other = await credential.insteadOf(token);
    return other === undefined ? first : send(other);
  }

  async function readPage<T extends z.core.$ZodType>(
    path: string,
    schema: T,
    subject: Subject,
    retry: RetryOptions,
  ): Promise<{ status: 'read'; page: z.output<T> } | Extract<ListEnd, { status: 'failed' }>> {
    try {
      const { response } = await call('GET', path, retry);
      if (response.status !== 200) return refusal(subject, 'could not be read', response.status);
      const parsed = parseJson(response.body, schema);
      return parsed === undefined
        ? failed(`${subject.what} could not be read: a page is not the documented JSON`, true)
        : { status: 'read', page: parsed };
    } catch (error) {
      return noAnswer(error, `${subject.what} could not be read`);
    }
  }

  async function listByCursor<I>(
    path: string,
    schema: z.core.$ZodType<Page<I>>,
    subject: Subject,
    take: (items: readonly I[]) => void,
    { maxPages, retry }: ListOptions,
  ): Promise<ListEnd> {
    const seen = new Set<string>();
    let after = '';
    let items = 0;
    for (let pages = 0; pages < maxPages; pages++) {
      const read = await readPage(path + after, schema, subject, retry);
      if (read.status === 'failed') return read;
      const { end_cursor: cursor, has_next_page: hasNext, total } = read.page;
      take(read.page.items);
      items += read.page.items.length;
      if (!hasNext) {
        return items < (total ?? 0)
          ? failed(`${subject.what} broke off: ${items} of ${total} were listed`, true)
          : { status: 'complete' };
      }
      if (!cursor || seen.has(cursor)) {
        return failed(`${subject.what} could not be read to the end: the page cursor repeats`, true);
      }
      seen.add(cursor);
      after = `&after=${encodeURIComponent(cursor)}`;
    }
    return { status: 'more', pages: maxPages };
  }

  return {
    listSessions({ createdAfter, origin, serviceUserId }, take, options) {
      const query = new URLSearchParams({ created_after: String(createdAfter), first: String(PAGE) });
      if (serviceUserId !== undefined) query.set('service_user_ids', serviceUserId);
      if (origin !== undefined) query.set('origins', origin);
      return listByCursor(`/v3/enterprise/sessions?${query}`, SessionPage, SESSIONS, take, options);
    },

    listAuditLog({ after, before }, take, options) {
      const query = new URLSearchParams({
        time_after: String(after),
        time_before: String(before),
        order: 'asc',
        first: String(PAGE),
      });
      return listByCursor(`/v3/enterprise/audit-logs?${query}`, AuditPage, AUDIT_LOG, take, options);
    },

    async listSchedules(orgId, take, { maxPages, retry }) {
      if (!isPathId(orgId))
        return failed('schedules could not be read: an organisation id of an odd form', false);
      const path = `/v3/organizations/${encodeURIComponent(orgId)}/schedules?limit=${SCHEDULE_PAGE}`;
      let offset = 0;
      for (let pages = 0; pages < maxPages; pages++) {
        const read = await readPage(`${path}&offset=${offset}`, SchedulePage, SCHEDULES, retry);
        if (read.status === 'failed') return { ...read, reason: `${read.reason} (${orgId})` };
        take(read.page.items);
        offset += read.page.items.length;
        if (!read.page.has_next_page) return { status: 'complete' };
        if (read.page.items.length === 0) return failed('schedules broke off with an empty page', true);
      }
      return { status: 'more', pages: maxPages };
    },

    async endSession({ org_id, session_id }, retry) {
      if (!isPathId(org_id) || !isPathId(session_id)) {
        return { ...failed('its ids are of an odd form', false), uncertain: false };
      }
      const path = `/v3/organizations/${encodeURIComponent(org_id)}/sessions/${encodeURIComponent(session_id)}?archive=true`;
      try {
        const { response, uncertain } = await call('DELETE', path, retry);
        if (response.status === 200) return { status: 'accepted' };
        return { ...refusal(ENDING, 'could not be ended', response.status), uncertain };
      } catch (error) {
        return { ...noAnswer(error, 'a session could not be ended'), uncertain: true };
      }
    },
  };
}

interface Page<I> {
  readonly items: I[];
  readonly end_cursor?: string | null | undefined;
  readonly has_next_page: boolean;
  readonly total?: number | null | undefined;
}

function failed(reason: string, retryable: boolean) {
  return { status: 'failed', reason, retryable } as const;
}

function refusal({ permission, what }: Subject, verb: string, status: number) {
  const hint =
    status === 403
      ? `, grant ${permission}`
      : status === 401
        ? ', the token is not accepted: it was revoked or replaced, or our address is not on the IP access list'
        : '';
  return failed(`${what} ${verb}: HTTP ${status}${hint}`, isTransient(status) || status === 401);
}

/** The token's secret may be unreadable too; only names and codes are told. */
function noAnswer(error: unknown, what: string) {
  if (error instanceof HttpFailure) return failed(`${what}: no answer (${error.code})`, true);
  // Of another copy of the class, see esbuild.config.cjs: told apart by its name.
  if (error instanceof Error && error.name === 'SecretError')
    return failed(`${what}: ${error.message}`, true);
  throw error;
}
