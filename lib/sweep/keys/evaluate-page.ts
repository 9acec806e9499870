import type { ApiKey, Devin, Refusal } from '../../clients/devin.ts';
import { ApiKeyId, ServiceUserId } from '../../domain/key.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import { checkCursor, whyTotalIsWrong } from './check-listing.ts';
import { NOTHING, type Totals } from './guardrails.ts';
import { plainName } from './plain-name.ts';
import type { Entry, Page, Start } from './plan.ts';
import { applyPolicy, type Decision, type KeyOwner, namesOf } from './policy.ts';
import { shortHash } from './short-hash.ts';

/** Key listings under way at the same time; the API's rate limit is not documented, so stay low. */
const WIDTH = 8;

/** `total`: how many service users there are on all pages, where the API says so. */
export type EvaluatedPage =
  | { readonly ok: true; readonly page: Page; readonly total?: number | undefined }
  | Omit<Refusal, 'status'>;

/**
 * Lists one page of service users with all their keys and evaluates each key. None of it is used when any part of the
 * listing is refused: half a page is not usable.
 *
 * @param before the previous page, if there is one
 */
export async function evaluatePage(
  devin: Pick<Devin, 'listServiceUsers' | 'listKeys'>,
  start: Start,
  before: Page | undefined,
  retry: RetryOptions,
): Promise<EvaluatedPage> {
  const listing = await devin.listServiceUsers(before?.next ?? null, retry);
  if (!listing.ok) return listing;
  const cursor = checkCursor(listing.next, before);
  if (cursor.status === 'repeated') {
    return { ok: false, reason: 'the list of service users repeats the same pages', retryable: false };
  }
  const skew = skewSeconds(listing.date, Date.now());
  // When users are deleted, the listing shifts, and the next page repeats some of the page before.
  const known = new Set(before?.seen);
  const users = uniqueUsers(listing.users).filter(
    ({ service_user_id }) => !known.has(shortHash(service_user_id)),
  );

  const evaluated = await evaluateUsers(devin, start, users, retry);
  if (!evaluated.ok) return evaluated;
  const all = evaluated.keys;

  const totals = sum(before?.totals ?? NOTHING, users.length, all);
  const reason = whyTotalIsWrong(totals.users, listing);
  if (reason !== undefined) return { ok: false, reason, retryable: false };
  return {
    ok: true,
    total: listing.total,
    page: {
      version: 1,
      plan_id: start.plan_id,
      page: (before?.page ?? 0) + 1,
      next: listing.next,
      totals,
      skew_seconds: worstSkew(before, skew),
      unlisted: (before?.unlisted ?? 0) + evaluated.unlisted,
      earlier_cursor: cursor.earlier,
      seen: listing.users.map(({ service_user_id }) => shortHash(service_user_id)),
      exempt_unused: unusedExemptions(before?.exempt_unused ?? start.policy.exempt, users, all),
      entries: all.flatMap(toEntry),
    },
  };
}

interface EvaluatedKey {
  readonly key: ApiKey;
  readonly owner: KeyOwner;
  readonly decision: Decision;
}

type EvaluatedKeys =
  | { readonly ok: true; readonly keys: readonly EvaluatedKey[]; readonly unlisted: number }
  | Refusal;

async function evaluateUsers(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  users: readonly KeyOwner[],
  retry: RetryOptions,
): Promise<EvaluatedKeys> {
  let refused: Refusal | undefined;
  let unlisted = 0;
  const keys = await pooled(users, WIDTH, async (user) => {
    // After one refusal no further request is sent: the API may be overloaded.
    if (refused !== undefined) return [];
    const evaluated = await evaluateUser(devin, start, user, retry);
    if (evaluated.ok) {
      unlisted += evaluated.unlisted;
      return evaluated.keys;
    }
    refused ??= evaluated;
    return [];
  });
  return refused ?? { ok: true, keys: keys.flat(), unlisted };
}

async function evaluateUser(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  owner: KeyOwner,
  retry: RetryOptions,
): Promise<EvaluatedKeys> {
  if (!ServiceUserId.safeParse(owner.service_user_id).success) {
    return { ok: false, reason: 'a service user has an id that is not one', retryable: false };
  }
  const listing = await devin.listKeys(owner.service_user_id, retry);
  if (!listing.ok) {
    // Removed service users are listed, yet no longer have a key listing. Ours is not removed.
    const isGone = listing.status === 404 && !start.own.includes(owner.service_user_id);
    return isGone ? { ok: true, keys: [], unlisted: 1 } : listing;
  }
  if (!listing.keys.every(({ api_key_id }) => ApiKeyId.safeParse(api_key_id).success)) {
    return { ok: false, reason: 'a key has an id that is not one', retryable: false };
  }
  const unique = new Map(listing.keys.map((key) => [key.api_key_id, key]));
  const keys = [...unique.values()].map((key) => ({ key, owner, decision: evaluateKey(start, owner, key) }));
  return { ok: true, keys, unlisted: 0 };
}

/** Evaluates one key as of a moment, epoch milliseconds, by the policy of a plan or of today. */
export function evaluateKey(
  { own, policy, started_at }: Pick<Start, 'own' | 'policy' | 'started_at'>,
  owner: KeyOwner,
  key: ApiKey,
): Decision {
  return applyPolicy(key, owner, policy, new Set(own), Math.floor(started_at / 1_000));
}

/** Seconds between our clock and the answer's `Date` header, both in epoch milliseconds. */
export function skewSeconds(date: number | undefined, now: number): number | null {
  return date === undefined ? null : Math.floor(Math.abs(now - date) / 1_000);
}

function worstSkew(before: Page | undefined, skew: number | null): number | null {
  if (before === undefined) return skew;
  return skew === null || before.skew_seconds === null ? null : Math.max(before.skew_seconds, skew);
}

function uniqueUsers(users: readonly KeyOwner[]): KeyOwner[] {
  return [...new Map(users.map((user) => [user.service_user_id, user])).values()];
}

function sum(before: Totals, users: number, keys: readonly EvaluatedKey[]): Totals {
  const count = (decision: Decision['decision']): number =>
    keys.filter((one) => one.decision.decision === decision).length;
  const rules = { ...before.rules };
  for (const { decision } of keys) rules[decision.rule] = (rules[decision.rule] ?? 0) + 1;
  return {
    users: before.users + users,
    keys: before.keys + keys.length,
    active: before.active + keys.filter(({ key }) => key.is_active).length,
    revoke: before.revoke + count('revoke'),
    warn: before.warn + count('warn'),
    rules,
  };
}

function unusedExemptions(
  exempt: readonly string[],
  users: readonly KeyOwner[],
  keys: readonly EvaluatedKey[],
): string[] {
  const seen = new Set([
    ...users.flatMap(({ name, service_user_id }) => [service_user_id, name]),
    ...keys.flatMap(({ key, owner }) => namesOf(key, owner)),
  ]);
  return exempt.filter((name) => !seen.has(name));
}

function toEntry({ decision, key, owner }: EvaluatedKey): Entry[] {
  if (decision.rule === 'revoked' || decision.rule === 'valid') return [];
  const isSpared = decision.rule === 'own_key' || decision.rule === 'exempt';
  return [
    {
      service_user_id: owner.service_user_id,
      service_user_name: plainName(owner.name),
      api_key_id: key.api_key_id,
      api_key_name: plainName(key.api_key_name),
      created_at: key.created_at,
      expires_at: key.expires_at ?? null,
      last_used_at: key.last_used_at ?? null,
      decision: decision.decision,
      rule: decision.rule,
      ...(isSpared && { spared_from: decision.spared_from }),
      ...(decision.rule === 'contradiction' && { doubt: decision.doubt }),
      ...(decision.rule === 'expires_soon' && { threshold_days: decision.threshold_days }),
    },
  ];
}
