import * as z from 'zod/mini';
import { redactStart } from '../domain/redact.ts';
import { pageOf } from './page-of.ts';

// Shapes: https://docs.devin.ai, API reference v3. Loose: unknown fields pass.
const seconds = z.nullish(z.number());
// The name goes on record, and people may have put a token into it.
const name = z.pipe(
  z.string(),
  z.transform((text) => redactStart(text, 256)),
);
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

export const Revoked = z.object({ api_key_id: z.string() });
export const ApiKeyPage = pageOf(ApiKey);
export const ServiceUserPage = pageOf(
  z.object({ service_user_id: z.string(), name: z._default(z.string(), ''), expires_at: seconds }),
);
export const Self = z.object({
  principal_type: z.string(),
  service_user_id: z.optional(z.string()),
  service_user_name: z.optional(name),
  // Of a personal access token alone.
  api_key_id: z.optional(name),
  api_key_name: z.optional(name),
  user_id: z.optional(name),
  user_name: z.optional(name),
});

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
  | {
      readonly state: 'unknown';
      readonly reason: string;
      /** The HTTP status, when there was an answer. */
      readonly status?: number;
      /** No answer, 429 or 5xx: the next use may show more. */
      readonly isTransient: boolean;
      /** What a 429 or 503 asked for. */
      readonly retryAfterMs?: number | undefined;
    };

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
