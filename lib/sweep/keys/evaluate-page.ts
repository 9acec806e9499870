import type { Devin } from '../../clients/devin.ts';
import type { DevinServiceUsers } from '../../clients/devin-service-users.ts';
import type { Refusal, ServiceUserListing } from '../../clients/devin-shapes.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import { checkCursor, whyTotalIsWrong } from './check-listing.ts';
import { type EvaluatedUser, evaluateUser } from './evaluate-user.ts';
import { NOTHING, type Totals } from './guardrails.ts';
import type { Entry, Page, Start } from './plan.ts';
import type { KeyOwner } from './policy.ts';
import { shortHash } from './short-hash.ts';

/** Key listings under way at the same time; the API's rate limit is not documented, so stay low. */
const WIDTH = 8;
/** A page ends when it took so long, milliseconds, so that little is lost with an invocation. */
const PAGE_MS = 20_000;
/** A page ends with so many entries, so that it can be read at once. */
const PAGE_ENTRIES = 2_000;
const PAGE_IDS = 10_000;

export interface PageOptions extends RetryOptions {
  /** A page ends when so many service users were listed. */
  readonly pageUsers: number;
  /** Keys that never expire may be all keys of an enterprise: list their ids alone, as the stored page does. */
  readonly isCompact: boolean;
}

/** `total`: how many service users there are on all pages, where the API says so. */
export type EvaluatedPage =
  | { readonly ok: true; readonly page: Page; readonly total?: number | undefined }
  | Omit<Refusal, 'status'>;

/** A page as far as it is evaluated. Keys are not held: those of all enterprises are many, and few are entries. */
interface PageSoFar {
  readonly totals: Totals;
  readonly entries: Entry[];
  /** As in the page. */
  readonly noExpiry: Record<string, string[]>;
  ids: number;
  /** Exemptions that match nothing so far. */
  readonly unused: Set<string>;
  unlisted: number;
}

/**
 * Lists service users with all their keys, as many as make a page of the plan, and evaluates each key. None of it is
 * used when any part of the listing is refused: half a page is not usable.
 *
 * @param before the previous page, if there is one
 */
export async function evaluatePage(
  devin: Pick<Devin, 'listKeys'> & DevinServiceUsers,
  start: Start,
  before: Page | undefined,
  { pageUsers, ...options }: PageOptions,
): Promise<EvaluatedPage> {
  const soFar: PageSoFar = {
    totals: structuredClone(before?.totals ?? NOTHING),
    entries: [],
    noExpiry: Object.create(null),
    ids: 0,
    unused: new Set(before?.exempt_unused ?? start.policy.exempt),
    unlisted: before?.unlisted ?? 0,
  };
  const known = new Set<string>();
  const cursors = new Set<string>();
  const begun = Date.now();
  let skew = before?.skew_seconds;
  let seen = before?.seen ?? [];
  for (let listed = 0, listings = 1; ; listings++) {
    const listing = await devin.listServiceUsers([...cursors].at(-1) ?? before?.next ?? null, options);
    if (!listing.ok) return listing;
    const { next, total, users } = listing;
    const cursor = checkCursor(next, before);
    if (cursor.status === 'repeated' || (next !== null && cursors.has(next))) return REPEATED;
    if (next !== null) cursors.add(next);
    skew = worst(skew, skewSeconds(listing.date, Date.now()));
    const refused = await evaluateUsers(devin, start, newUsers(users, known, seen), soFar, options);
    if (refused !== undefined) return refused;
    const reason = whyTotalIsWrong(soFar.totals.users, listing);
    if (reason !== undefined) return { ok: false, reason, retryable: false };
    seen = users.map(({ service_user_id }) => shortHash(service_user_id));
    listed += users.length;
    const took = Date.now() - begun;
    const isLong = soFar.entries.length >= PAGE_ENTRIES || soFar.ids >= PAGE_IDS;
    const isFull = listed >= pageUsers || isLong || took >= PAGE_MS;
    const isLate = Date.now() + (2 * took) / listings > options.deadline;
    if (next !== null && !isFull && !isLate) continue;
    return {
      ok: true,
      total,
      page: toPage(start, before, soFar, { next, seen, skew, earlier: cursor.earlier }),
    };
  }
}

const REPEATED = {
  ok: false,
  reason: 'the list of service users repeats the same pages',
  retryable: false,
} as const;

function toPage(
  { plan_id }: Start,
  before: Page | undefined,
  { entries, noExpiry, totals, unlisted, unused }: PageSoFar,
  {
    earlier,
    next,
    seen,
    skew,
  }: {
    readonly earlier: string | null;
    readonly next: string | null;
    readonly seen: string[];
    readonly skew: number | null;
  },
): Page {
  return {
    version: 1,
    plan_id,
    page: (before?.page ?? 0) + 1,
    next,
    totals,
    skew_seconds: skew,
    unlisted,
    earlier_cursor: earlier,
    seen,
    exempt_unused: [...unused],
    entries,
    no_expiry: noExpiry,
  };
}

type Users = Extract<ServiceUserListing, { ok: true }>['users'];

/**
 * When users are deleted, the listing shifts, and repeats some of what it listed before.
 *
 * @param known ids of the page so far, to which these are added
 * @param seen hashes of the listing before
 */
function newUsers(users: Users, known: Set<string>, seen: readonly string[]): Users {
  const before = new Set(seen);
  return users.filter(({ service_user_id }) => {
    if (known.has(service_user_id) || before.has(shortHash(service_user_id))) return false;
    known.add(service_user_id);
    return true;
  });
}

/** Adds to the page what its service users have. @returns the first refusal, if there was one */
async function evaluateUsers(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  users: readonly KeyOwner[],
  soFar: PageSoFar,
  options: Omit<PageOptions, 'pageUsers'>,
): Promise<Refusal | undefined> {
  let refused: Refusal | undefined;
  const entries = await pooled(users, WIDTH, async (user) => {
    // After one refusal no further request is sent: the API may be overloaded.
    if (refused !== undefined) return NO_ENTRIES;
    const evaluated = await evaluateUser(devin, start, user, { ...options, unused: soFar.unused });
    if (evaluated.ok) {
      add(soFar, user, evaluated);
      return evaluated.entries;
    }
    refused ??= evaluated;
    return NO_ENTRIES;
  });
  // In the order of the listing, whichever was answered first.
  soFar.entries.push(...entries.flat());
  return refused;
}

const NO_ENTRIES: readonly Entry[] = [];

function add(
  soFar: PageSoFar,
  { service_user_id }: KeyOwner,
  { isUnlisted, noExpiry, totals }: Extract<EvaluatedUser, { ok: true }>,
): void {
  const all = soFar.totals;
  all.users += 1;
  all.keys += totals.keys;
  all.active += totals.active;
  all.revoke += totals.revoke;
  all.warn += totals.warn;
  for (const [rule, count] of Object.entries(totals.rules)) all.rules[rule] = (all.rules[rule] ?? 0) + count;
  soFar.unlisted += isUnlisted ? 1 : 0;
  soFar.ids += noExpiry.length;
  if (noExpiry.length > 0) soFar.noExpiry[service_user_id] = [...noExpiry];
}

/** Seconds between our clock and the answer's `Date` header, both in epoch milliseconds. */
export function skewSeconds(date: number | undefined, now: number): number | null {
  return date === undefined ? null : Math.floor(Math.abs(now - date) / 1_000);
}

/** @param before `undefined` before the first answer; `null` when one had no date */
function worst(before: number | null | undefined, skew: number | null): number | null {
  if (before === undefined) return skew;
  return skew === null || before === null ? null : Math.max(before, skew);
}
