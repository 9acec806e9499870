import type * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { Page } from './collect-pages.ts';
import {
  AUDIT_LOG,
  ENDING,
  failed,
  noAnswer,
  refusal,
  SCHEDULES,
  SESSIONS,
  type Subject,
} from './devin-activity-failure.ts';
import {
  type AuditLogEntry,
  AuditPage,
  type Schedule,
  SchedulePage,
  type Session,
  SessionPage,
} from './devin-activity-shapes.ts';
import type { AdminToken } from './devin-admin-token.ts';
import { callDevinAs } from './devin-call.ts';

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

const PAGE = 200;
const SCHEDULE_PAGE = 100;

/** @param credential whose service user may have the permissions; another than the admin token where one is set */
export function devinActivity(baseUrl: string, credential: AdminToken): DevinActivity {
  async function readPage<T extends z.core.$ZodType>(
    path: string,
    schema: T,
    subject: Subject,
    retry: RetryOptions,
  ): Promise<{ status: 'read'; page: z.output<T> } | Extract<ListEnd, { status: 'failed' }>> {
    try {
      const { response } = await callDevinAs(credential, baseUrl, { method: 'GET', path }, retry);
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
        const { response, uncertain } = await callDevinAs(
          credential,
          baseUrl,
          { method: 'DELETE', path },
          retry,
        );
        if (response.status === 200) return { status: 'accepted' };
        return { ...refusal(ENDING, 'could not be ended', response.status), uncertain };
      } catch (error) {
        return { ...noAnswer(error, 'a session could not be ended'), uncertain: true };
      }
    },
  };
}
