import { createHash } from 'node:crypto';
import type { ApiKey, Devin, Refusal } from '../../clients/devin.ts';
import { ApiKeyId, ServiceUserId } from '../../domain/key.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import { NOTHING, type Totals } from './guardrails.ts';
import { plainName } from './plain-name.ts';
import type { Entry, Page, Start } from './plan.ts';
import { type Decision, judge, type Owner } from './policy.ts';

/** Key listings under way at the same time; the API's rate limit is not documented, so stay low. */
const WIDTH = 8;

/** `total`: how many service users there are on all pages, where the API says so. */
export type JudgedPage =
  | { readonly ok: true; readonly page: Page; readonly total?: number | undefined }
  | Omit<Refusal, 'status'>;

/**
 * Lists one page of service users with all their keys and judges each key. Nothing of it is kept when any part of the
 * listing is refused: half a page is no page.
 *
 * @param before the page before it, if there is one
 */
export async function judgePage(
  devin: Pick<Devin, 'listServiceUsers' | 'listKeys'>,
  start: Start,
  before: Page | undefined,
  retry: RetryOptions,
): Promise<JudgedPage> {
  const listing = await devin.listServiceUsers(before?.next ?? null, retry);
  if (!listing.ok) return listing;
  if (listing.next !== null && listing.next === before?.next) {
    return { ok: false, reason: 'the list of service users does not get on', retryable: false };
  }
  const skew = skewSeconds(listing.date, Date.now());
  // One that comes again, as others before it went, was judged on the page before.
  const known = new Set(before?.seen);
  const users = unique(listing.users).filter(({ service_user_id }) => !known.has(mark(service_user_id)));

  const all = await judgeUsers(devin, start, users, retry);
  if ('ok' in all) return all;

  const totals = sum(before?.totals ?? NOTHING, users.length, all);
  const isShort = listing.next === null && (listing.total ?? 0) * COMPLETE > totals.users;
  if (isShort) {
    const reason = `it shows ${totals.users} service users and says that there are ${listing.total}`;
    return { ok: false, reason, retryable: false };
  }
  return {
    ok: true,
    total: listing.total,
    page: {
      version: 1,
      plan_id: start.plan_id,
      page: (before?.page ?? 0) + 1,
      next: listing.next,
      totals,
      skew_seconds: worst(before, skew),
      seen: listing.users.map(({ service_user_id }) => mark(service_user_id)),
      exempt_unused: unused(before?.exempt_unused ?? start.policy.exempt, users, all),
      entries: all.flatMap(toEntry),
    },
  };
}

/** The share of the users that the API speaks of that has to be seen; some may come and go meanwhile. */
const COMPLETE = 0.95;

interface Judged {
  readonly key: ApiKey;
  readonly owner: Owner;
  readonly decision: Decision;
}

async function judgeUsers(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  users: readonly Owner[],
  retry: RetryOptions,
): Promise<Judged[] | Refusal> {
  let refused: Refusal | undefined;
  const judged = await pooled(users, WIDTH, async (user) => {
    // After one refusal nothing more is asked: the API may be overloaded.
    if (refused !== undefined) return [];
    const answer = await judgeUser(devin, start, user, retry);
    if (!('ok' in answer)) return answer;
    refused ??= answer;
    return [];
  });
  return refused ?? judged.flat();
}

async function judgeUser(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  owner: Owner,
  retry: RetryOptions,
): Promise<Judged[] | Refusal> {
  if (!ServiceUserId.safeParse(owner.service_user_id).success) {
    return { ok: false, reason: 'a service user has an id that is not one', retryable: false };
  }
  const listing = await devin.listKeys(owner.service_user_id, retry);
  // Removed service users are listed, yet have no key listing any more.
  if (!listing.ok) return listing.status === 404 ? [] : listing;
  if (!listing.keys.every(({ api_key_id }) => ApiKeyId.safeParse(api_key_id).success)) {
    return { ok: false, reason: 'a key has an id that is not one', retryable: false };
  }
  const keys = new Map(listing.keys.map((key) => [key.api_key_id, key]));
  return [...keys.values()].map((key) => ({ key, owner, decision: decide(start, owner, key) }));
}

/** Judges one key as of the plan's beginning, by the plan's own policy. */
export function decide({ own, policy, started_at }: Start, owner: Owner, key: ApiKey): Decision {
  return judge(key, owner, policy, new Set(own), Math.floor(started_at / 1_000));
}

/** Seconds between our clock and the answer's `Date` header, both in epoch milliseconds. */
export function skewSeconds(date: number | undefined, now: number): number | null {
  return date === undefined ? null : Math.floor(Math.abs(now - date) / 1_000);
}

function worst(before: Page | undefined, skew: number | null): number | null {
  if (before === undefined) return skew;
  return skew === null || before.skew_seconds === null ? null : Math.max(before.skew_seconds, skew);
}

function unique(users: readonly Owner[]): Owner[] {
  return [...new Map(users.map((user) => [user.service_user_id, user])).values()];
}

// 64 bits: two of the some hundred ids of two pages do not meet by chance.
function mark(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}

function sum(before: Totals, users: number, judged: readonly Judged[]): Totals {
  const count = (decision: Decision['decision']): number =>
    judged.filter((one) => one.decision.decision === decision).length;
  const rules = { ...before.rules };
  for (const { decision } of judged) rules[decision.rule] = (rules[decision.rule] ?? 0) + 1;
  return {
    users: before.users + users,
    keys: before.keys + judged.length,
    active: before.active + judged.filter(({ key }) => key.is_active).length,
    revoke: before.revoke + count('revoke'),
    warn: before.warn + count('warn'),
    rules,
  };
}

function unused(exempt: readonly string[], users: readonly Owner[], judged: readonly Judged[]): string[] {
  const seen = new Set([
    ...users.map((user) => user.service_user_id),
    ...judged.map((one) => one.key.api_key_id),
  ]);
  return exempt.filter((id) => !seen.has(id));
}

function toEntry({ decision, key, owner }: Judged): Entry[] {
  const isSpared = 'spared_from' in decision;
  if (decision.decision === 'keep' && !isSpared) return [];
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
      ...('threshold_days' in decision && { threshold_days: decision.threshold_days }),
    },
  ];
}
