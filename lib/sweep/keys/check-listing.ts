import type { Page } from './plan.ts';
import { shortHash } from './short-hash.ts';

/** The share of the API's own `total` that has to be listed; users may be added and deleted during the listing. */
const COMPLETE = 0.95;
/** A list that goes on far beyond its `total` does not end. */
const EXCESS = 1.5;
const EXCESS_FLOOR = 1_000;

/** @param users how many service users were listed so far @returns `undefined` when that fits the API's own `total` */
export function whyTotalIsWrong(
  users: number,
  { next, total }: { readonly next: string | null; readonly total: number | undefined },
): string | undefined {
  if (total === undefined) return undefined;
  if (users > total * EXCESS + EXCESS_FLOOR)
    return `it lists ${users} service users and more, of a total of ${total}`;
  const isIncomplete = next === null && total * COMPLETE > users;
  return isIncomplete ? `it lists ${users} service users of a total of ${total}` : undefined;
}

/** `earlier`: the hash of the cursor that later pages are compared with. */
export type CursorCheck =
  | { readonly status: 'new'; readonly earlier: string | null }
  | { readonly status: 'repeated' };

/**
 * Notices a list that comes again, in whatever invocation, by one cursor that is compared with all later ones and
 * replaced at each power of two (Brent, https://en.wikipedia.org/wiki/Cycle_detection#Brent's_algorithm).
 */
export function checkCursor(
  next: string | null,
  before: Pick<Page, 'page' | 'next' | 'earlier_cursor'> | undefined,
): CursorCheck {
  if (next === null) return { status: 'new', earlier: null };
  const hash = shortHash(next);
  if (next === before?.next || hash === before?.earlier_cursor) return { status: 'repeated' };
  const page = (before?.page ?? 0) + 1;
  const isPowerOfTwo = (page & (page - 1)) === 0;
  return { status: 'new', earlier: isPowerOfTwo ? hash : (before?.earlier_cursor ?? null) };
}
