import * as z from 'zod/mini';
import { redactStart } from '../domain/redact.ts';
import type { HttpResponse } from '../platform/http.ts';
import { listOf } from '../platform/list-of.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isTransient, retryAfterMs } from '../platform/retry.ts';
import type { Refusal } from './devin-shapes.ts';

const Problem = z.object({ detail: z.unknown() });
const FieldErrors = listOf(z.object({ loc: listOf(z.union([z.string(), z.number()])), msg: z.string() }));

/** An answer that is not the documented success. */
export function refusal(method: string, response: HttpResponse): Refusal {
  const { status } = response;
  return {
    ok: false,
    status,
    reason: explain(method, response),
    retryable: isTransient(status) || status === 401,
    ...(status === 429 && { retryAfterMs: retryAfterMs(response) }),
  };
}

/** A listing that was answered, yet not whole. */
export function incomplete(reason: string): Refusal {
  return {
    ok: false,
    incomplete: true,
    reason: `Devin's key listing is incomplete: ${reason}`,
    retryable: true,
  };
}

/** An id that came from Devin and must not enter a path. */
export function unexpectedId(field: string): Refusal {
  return { ok: false, reason: `Devin names a ${field} of an unexpected form`, retryable: false };
}

/** An answer whose body is not the documented JSON. */
export function unreadable(method: string, { status }: HttpResponse): Omit<Refusal, 'ok'> {
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
  const texts = errors.slice(0, 10).map(({ loc, msg }) => redactStart(`${loc.join('.')}: ${msg}`, 200));
  return texts.length === 0 ? '' : `: ${texts.join('; ')}`;
}
