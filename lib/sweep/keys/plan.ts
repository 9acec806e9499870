import * as z from 'zod/mini';
import { Block, Totals } from './guardrails.ts';

/** Names a plan: the second in which it was started and a hash, so that ids sort by time. */
export const PlanId = z.string().check(z.regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/, 'must be a plan id'));

const days = z.optional(z.number());
const seconds = z.nullish(z.number());

/** The settings of a plan; stored with it, so that every invocation of a chain decides alike. */
export const Start = z.object({
  version: z.literal(1),
  plan_id: PlanId,
  /** Epoch milliseconds; keys are judged as of this moment. */
  started_at: z.int(),
  /** What started it; older plans do not have it. */
  invoked_by: z._default(z.enum(['schedule', 'console']), 'schedule'),
  mode: z.enum(['report', 'enforce']),
  policy: z.object({
    maxAgeDays: days,
    maxIdleDays: days,
    warnDays: z.array(z.number()),
    exempt: z.array(z.string()),
  }),
  caps: z.object({ maxRevocations: z.number(), maxRatio: z.number() }),
  /** Service users whose keys we ourselves use; empty when they are not known. */
  own: z.array(z.string()),
});
export type Start = z.infer<typeof Start>;

/** A key that the plan warns of, revokes, or spares. Times are UNIX seconds. It contains no part of a token. */
export const Entry = z.object({
  service_user_id: z.string(),
  service_user_name: z.string(),
  api_key_id: z.string(),
  api_key_name: z.string(),
  created_at: z.number(),
  expires_at: seconds,
  last_used_at: seconds,
  decision: z.enum(['keep', 'warn', 'revoke']),
  rule: z.string(),
  spared_from: z.optional(z.string()),
  threshold_days: z.optional(z.number()),
  /** Why what the API says of it cannot all be true. */
  doubt: z.optional(z.string()),
});
export type Entry = z.infer<typeof Entry>;

/** One page of service users, evaluated. `totals` accumulate over the pages, so the last page has those of all. */
export const Page = z.object({
  version: z.literal(1),
  plan_id: PlanId,
  /** From 1. */
  page: z.int(),
  /** The cursor of the next page; `null` on the last. */
  next: z.nullable(z.string()),
  totals: Totals,
  /** The largest difference so far of our clock from the API's, seconds; `null` when one answer had no date. */
  skew_seconds: z.nullable(z.number()),
  /** Service users so far whose keys are not found (HTTP 404), as with those that were removed. */
  unlisted: z._default(z.int(), 0),
  /** The hash of an earlier page's cursor, to notice a list that comes again. */
  earlier_cursor: z._default(z.nullable(z.string()), null),
  /** Service users of this page, shortened hashes: the next page does not evaluate them again. */
  seen: z.array(z.string()),
  /** Exemptions that match no service user and no key so far. */
  exempt_unused: z.array(z.string()),
  entries: z.array(Entry),
  /** In the stored page: the ids of keys that never expire, by service user; they are not among the entries. */
  no_expiry: z.optional(z.record(z.string(), z.array(z.string()))),
});
export type Page = z.infer<typeof Page>;

/** The whole plan, decided. */
export const Summary = z.object({
  version: z.literal(1),
  plan_id: PlanId,
  started_at: z.int(),
  decided_at: z.int(),
  mode: z.enum(['report', 'enforce']),
  verdict: z.enum(['report', 'blocked', 'enforce']),
  pages: z.int(),
  totals: Totals,
  /** What blocks it, or in report mode would block it. */
  blocks: z.array(Block),
  /** Exemptions that match no service user and no key. */
  exempt_unused: z._default(z.array(z.string()), []),
  invoked_by: z._default(z.enum(['schedule', 'console']), 'schedule'),
  /** The previous plan that it was compared with. */
  previous: z.optional(z.object({ plan_id: PlanId, revoke: z.int() })),
});
export type Summary = z.infer<typeof Summary>;

/** What became of one page's revocations. */
export const Acted = z.object({
  version: z.literal(1),
  plan_id: PlanId,
  page: z.int(),
  queued: z.array(z.string()),
  left: z.array(z.object({ service_user_id: z.string(), api_key_id: z.string(), reason: z.string() })),
});
export type Acted = z.infer<typeof Acted>;

export const Release = z.object({
  version: z.literal(1),
  plan_id: PlanId,
  released_at: z.int(),
  reason: z.string(),
});
export type Release = z.infer<typeof Release>;
