import * as z from 'zod/mini';
import { ApiKeyId, type Key, ServiceUserId } from '../domain/key.ts';
import { redact } from '../domain/redact.ts';
import type { Token } from '../domain/token.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { listOf } from '../platform/list-of.ts';
import { parseJson } from '../platform/parse-json.ts';
import {
  isTransient,
  type Retried,
  type RetryOptions,
  retryAfterMs,
  sendRetrying,
  sleep,
} from '../platform/retry.ts';
import { pageCollector } from './collect-pages.ts';
import type { AdminToken } from './devin-admin-token.ts';

// Shapes: https://docs.devin.ai, API reference v3. Loose: unknown fields pass.
const seconds = z.nullish(z.number());
/** Characters of a text of Devin's that are looked at; a token at the cut is far behind what is kept. */
const LOOK_AT = 4_096;
// The name goes on record, and people may have put a token into it.
const name = z.pipe(
  z.string(),
  z.transform((text) => kept(text, 256)),
);
function kept(text: string, length: number): string {
  return redact(text.slice(0, LOOK_AT)).slice(0, length);
}
const ApiKey = z.object({
  api_key_id: z.string(),
  api_key_name: z._default(name, ''),
  created_at: z.number(),
  expires_at: seconds,
  revoked_at: seconds,
  last_used_at: seconds,
  is_active: z.boolean(),
});
/** One entry of a service user's key listing; times are UNIX seconds. It holds no part of the token. */
export type ApiKey = z.infer<typeof ApiKey>;

const Revoked = z.object({ api_key_id: z.string() });
const ApiKeyPage = z.object({
  items: listOf(ApiKey),
  end_cursor: z.nullish(z.string()),
  has_next_page: z._default(z.boolean(), false),
  total: z.nullish(z.number()),
});
const ServiceUserPage = z.object({
  items: listOf(
    z.object({ service_user_id: z.string(), name: z._default(z.string(), ''), expires_at: seconds }),
  ),
  end_cursor: z.nullish(z.string()),
  has_next_page: z._default(z.boolean(), false),
  total: z.nullish(z.number()),
});
const Self = z.object({
  principal_type: z.string(),
  service_user_id: z.optional(z.string()),
  service_user_name: z.optional(name),
  // Of a personal access token alone.
  api_key_id: z.optional(name),
  api_key_name: z.optional(name),
  user_id: z.optional(name),
  user_name: z.optional(name),
});
const Problem = z.object({ detail: z.unknown() });
const FieldErrors = listOf(z.object({ loc: listOf(z.union([z.string(), z.number()])), msg: z.string() }));

/** Whose token it is, as far as `GET /v3/self` says; it never names the key of a service user. */
export interface Principal {
  readonly principal_type: string;
  readonly service_user_id?: string | undefined;
  readonly service_user_name?: string | undefined;
  /** Of a personal access token alone: which it is, and whose. */
  readonly api_key_id?: string | undefined;
  readonly api_key_name?: string | undefined;
  readonly user_id?: string | undefined;
  readonly user_name?: string | undefined;
}

/** What one use of a token showed. Only a 401 means dead; 403, 429, 5xx and time-outs prove nothing. */
export type Probe =
  | { readonly state: 'alive'; readonly principal: Principal; readonly apiSecond?: number | undefined }
  | { readonly state: 'dead' }
  /** `status`: the HTTP status, when there was an answer. */
  | { readonly state: 'unknown'; readonly reason: string; readonly status?: number };

/** An admin call that did not do what it should. */
export interface Refusal {
  readonly ok: false;
  readonly reason: string;
  readonly retryable: boolean;
  /** The HTTP status, when there was an answer. */
  readonly status?: number;
  /** What a 429 asked for. */
  readonly retryAfterMs?: number | undefined;
  /** An earlier attempt may have had its effect without an answer. */
  readonly uncertain?: boolean;
  /** The listing was answered, yet not whole, however often it was read: it names nobody and clears nobody. */
  readonly incomplete?: true;
}

export type Revocation =
  | {
      readonly ok: true;
      readonly answer: 'revoked' | 'already_revoked' | 'not_found';
      readonly status: number;
      /** An earlier attempt may have had its effect without an answer. */
      readonly uncertain: boolean;
    }
  | Refusal;

/** `apiSecond`: epoch seconds of the API's clock, by the `Date` header of the last page. */
export type KeyListing =
  | { readonly ok: true; readonly keys: readonly ApiKey[]; readonly apiSecond?: number | undefined }
  | Refusal;

export type ServiceUserListing =
  | {
      readonly ok: true;
      readonly users: z.infer<typeof ServiceUserPage>['items'];
      /** Where the next page begins; `null` after the last one. */
      readonly next: string | null;
      /** How many there are on all pages, where the API says so. */
      readonly total: number | undefined;
      /** The answer's `Date` header, epoch milliseconds. */
      readonly date: number | undefined;
    }
  | Refusal;

export interface Devin {
  /**
   * Uses a token once: whose is it, and does it work? A use moves the key's `last_used_at`.
   *
   * @param how.ownConnection on a connection that carries nothing else
   */
  probe(token: Token, retry: RetryOptions, how?: { readonly ownConnection: boolean }): Promise<Probe>;
  /** The same with the admin token. */
  probeAdmin(retry: RetryOptions): Promise<Probe>;
  /** All keys of a service user, active or not, over all pages; an incomplete listing is a refusal. */
  listKeys(serviceUserId: string, retry: RetryOptions): Promise<KeyListing>;
  /** One page of all service users, expired and removed ones too; `after` is the `next` of the page before it. */
  listServiceUsers(after: string | null, retry: RetryOptions): Promise<ServiceUserListing>;
  revokeKey(key: Key, retry: RetryOptions): Promise<Revocation>;
}

/** The last answer to an admin call, whatever its status. */
type Answered = { readonly ok: true } & Retried;

const MAX_PAGES = 1_000;
/** How often a listing is read that turns out to be incomplete, and the milliseconds in between. */
const READINGS = 3;
const READ_AGAIN_MS = 500;

/** A client of the part of the Devin API v3 that this project uses. */
export function devinClient(baseUrl: string, admin: AdminToken): Devin {
  async function asAdmin(method: string, path: string, retry: RetryOptions): Promise<Answered | Refusal> {
    try {
      const token = await admin.get();
      const first = await call(method, path, token, retry);
      if (first.response.status !== 401) return { ok: true, ...first };
      const rotated = await admin.insteadOf(token);
      if (rotated === undefined) return { ok: true, ...first };
      const second = await call(method, path, rotated, retry);
      return { ok: true, ...second, uncertain: first.uncertain || second.uncertain };
    } catch (error) {
      if (error instanceof HttpFailure) {
        return { ok: false, reason: `Devin did not answer ${method} (${error.code})`, retryable: true };
      }
      throw error;
    }
  }

  function call(
    method: string,
    path: string,
    token: Token,
    retry: RetryOptions,
    ownConnection = false,
  ): Promise<Retried> {
    const headers = { authorization: `Bearer ${token.reveal()}`, accept: 'application/json' };
    return sendRetrying({ method, url: new URL(baseUrl + path), headers, ownConnection }, retry);
  }

  async function probe(
    token: Token,
    retry: RetryOptions,
    { ownConnection } = { ownConnection: false },
  ): Promise<Probe> {
    try {
      return readProbe((await call('GET', '/v3/self', token, retry, ownConnection)).response);
    } catch (error) {
      if (error instanceof HttpFailure) return { state: 'unknown', reason: `no answer (${error.code})` };
      throw error;
    }
  }

  async function readListing(serviceUserId: string, retry: RetryOptions): Promise<KeyListing> {
    const add = pageCollector(({ api_key_id }: ApiKey) => api_key_id);
    let after = '';
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const result = await asAdmin('GET', `${keysPath(serviceUserId)}?status=all${after}`, retry);
      if (!result.ok) return result;
      const { response } = result;
      if (response.status !== 200) return refusal('GET', response);
      const page = parseJson(response.body, ApiKeyPage);
      if (page === undefined) return { ok: false, incomplete: true, ...unreadable('GET', response) };
      const next = add(page);
      if (next.status === 'complete') return { ok: true, keys: next.items, apiSecond: apiSecond(response) };
      if (next.status === 'incomplete') return incomplete(next.reason);
      after = `&after=${encodeURIComponent(next.cursor)}`;
    }
    return incomplete(`it has over ${MAX_PAGES} pages`);
  }

  return {
    probe,

    async probeAdmin(retry) {
      const token = await admin.get();
      const first = await probe(token, retry);
      if (first.state !== 'dead') return first;
      const rotated = await admin.insteadOf(token);
      return rotated === undefined ? first : probe(rotated, retry);
    },

    async listKeys(serviceUserId, retry) {
      if (!z.safeParse(ServiceUserId, serviceUserId).success) return unexpectedId('service_user_id');
      const readings = Math.min(READINGS, retry.attempts ?? READINGS);
      for (let reading = 1; ; reading++) {
        const listing = await readListing(serviceUserId, retry);
        if (listing.ok || listing.incomplete !== true || reading >= readings) return listing;
        await sleep(READ_AGAIN_MS);
      }
    },

    async listServiceUsers(after, retry) {
      const cursor = after === null ? '' : `&after=${encodeURIComponent(after)}`;
      const path = `/v3/enterprise/members/service-users?first=200&include_inactive=true${cursor}`;
      const result = await asAdmin('GET', path, retry);
      return result.ok ? readServiceUsers(result.response) : result;
    },

    async revokeKey(key, retry) {
      if (!z.safeParse(ServiceUserId, key.service_user_id).success) return unexpectedId('service_user_id');
      if (!z.safeParse(ApiKeyId, key.api_key_id).success) return unexpectedId('api_key_id');
      const path = `${keysPath(key.service_user_id)}/${encodeURIComponent(key.api_key_id)}`;
      const result = await asAdmin('DELETE', path, retry);
      if (!result.ok) return result;
      const { uncertain, response } = result;
      // Something in front of the API may answer 200 as well, which says nothing of the key.
      if (response.status === 200 && parseJson(response.body, Revoked)?.api_key_id !== key.api_key_id) {
        const { reason, retryable } = unreadable('DELETE', response);
        return { ok: false, reason, retryable };
      }
      const answer = ANSWERS[response.status];
      return answer === undefined
        ? { ...refusal('DELETE', response), uncertain }
        : { ok: true, answer, status: response.status, uncertain };
    },
  };
}

const ANSWERS: Readonly<Record<number, 'revoked' | 'already_revoked' | 'not_found' | undefined>> = {
  200: 'revoked',
  404: 'not_found',
  409: 'already_revoked',
};

function keysPath(serviceUserId: string): string {
  return `/v3beta1/enterprise/service-users/${encodeURIComponent(serviceUserId)}/api-keys`;
}

function readProbe(response: HttpResponse): Probe {
  if (response.status === 401) return { state: 'dead' };
  const { status } = response;
  if (status !== 200) return { state: 'unknown', status, reason: `HTTP ${status}` };
  const principal = parseJson(response.body, Self);
  return principal === undefined
    ? { state: 'unknown', reason: 'HTTP 200 with a body that is not the documented JSON' }
    : { state: 'alive', principal, apiSecond: apiSecond(response) };
}

function apiSecond({ headers }: HttpResponse): number | undefined {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? undefined : date / 1_000;
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

function refusal(method: string, response: HttpResponse): Refusal {
  const { status } = response;
  return {
    ok: false,
    status,
    reason: explain(method, response),
    retryable: isTransient(status) || status === 401,
    ...(status === 429 && { retryAfterMs: retryAfterMs(response) }),
  };
}

function incomplete(reason: string): Refusal {
  return {
    ok: false,
    incomplete: true,
    reason: `Devin's key listing is incomplete: ${reason}`,
    retryable: true,
  };
}

/** An id that came from Devin and must not enter a path. */
function unexpectedId(field: string): Refusal {
  return { ok: false, reason: `Devin names a ${field} of an unexpected form`, retryable: false };
}

function unreadable(method: string, { status }: HttpResponse): Omit<Refusal, 'ok'> {
  return {
    status,
    reason: `Devin answered ${method} with HTTP ${status} and a body that is not the documented JSON`,
    retryable: true,
  };
}

function explain(method: string, response: HttpResponse): string {
  switch (response.status) {
    case 401:
      return 'Devin does not accept the admin token (HTTP 401): store a live one of a service user with the enterprise permission ManageAccountServiceUsers';
    case 403:
      return "the admin token's service user lacks the enterprise permission ManageAccountServiceUsers (HTTP 403)";
    case 404:
      return 'Devin does not know this service user (HTTP 404), or the admin token may not see it';
    case 422:
      return `Devin rejects the request (HTTP 422)${fieldErrors(response.body)}`;
    default:
      return `Devin answered ${method} with HTTP ${response.status}`;
  }
}

/** The API's own words on each wrong field, redacted and cut short. */
function fieldErrors(body: string): string {
  const errors = z.safeParse(FieldErrors, parseJson(body, Problem)?.detail).data ?? [];
  const texts = errors.slice(0, 10).map(({ loc, msg }) => kept(`${loc.join('.')}: ${msg}`, 200));
  return texts.length === 0 ? '' : `: ${texts.join('; ')}`;
}
