import * as z from 'zod/mini';
import { ApiKeyId, type Key, ServiceUserId } from '../domain/key.ts';
import type { Token } from '../domain/token.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isTransient, type RetryOptions, retryAfterMs, sleep } from '../platform/retry.ts';
import { pageCollector } from './collect-pages.ts';
import type { AdminToken } from './devin-admin-token.ts';
import { askAsAdmin, callDevin } from './devin-call.ts';
import { incomplete, refusal, unexpectedId, unreadable } from './devin-refusal.ts';
import {
  type ApiKey,
  ApiKeyPage,
  type KeyListing,
  type Probe,
  type Revocation,
  Revoked,
  Self,
} from './devin-shapes.ts';

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
  revokeKey(key: Key, retry: RetryOptions): Promise<Revocation>;
}

const MAX_PAGES = 1_000;
/** How often a listing is read that turns out to be incomplete, and the milliseconds in between. */
const READINGS = 3;
const READ_AGAIN_MS = 500;

/** A client of the part of the Devin API v3 that this project uses. */
export function devinClient(baseUrl: string, admin: AdminToken): Devin {
  const asAdmin = (method: string, path: string, retry: RetryOptions) =>
    askAsAdmin(admin, baseUrl, { method, path }, retry);

  async function probe(
    token: Token,
    retry: RetryOptions,
    { ownConnection } = { ownConnection: false },
  ): Promise<Probe> {
    try {
      return readProbe(
        (await callDevin(baseUrl, { method: 'GET', path: '/v3/self', ownConnection }, token, retry)).response,
      );
    } catch (error) {
      if (error instanceof HttpFailure) {
        return { state: 'unknown', reason: `no answer (${error.code})`, isTransient: true };
      }
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
  if (status !== 200) {
    return {
      state: 'unknown',
      status,
      reason: `HTTP ${status}`,
      isTransient: isTransient(status),
      retryAfterMs: retryAfterMs(response),
    };
  }
  const principal = parseJson(response.body, Self);
  return principal === undefined
    ? { state: 'unknown', reason: 'HTTP 200 with a body that is not the documented JSON', isTransient: false }
    : { state: 'alive', principal, apiSecond: apiSecond(response) };
}

function apiSecond({ headers }: HttpResponse): number | undefined {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? undefined : date / 1_000;
}
