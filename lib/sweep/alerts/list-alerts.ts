import type { GitHubAlertList } from '../../clients/github-alert-list.ts';
import { sleep } from '../../platform/retry.ts';
import type { OpenAlert } from './open-alert.ts';

/** Where a listing stands. */
export interface Listing {
  readonly org: string;
  /** The cursor of the next page; `undefined` before the first. */
  after: string | undefined;
  /** Cursors that were used, to notice one that comes again. */
  readonly used: Set<string>;
}

export type ListedPage =
  | {
      readonly status: 'page';
      readonly alerts: readonly OpenAlert[];
      readonly malformed: number;
      readonly isLast: boolean;
    }
  | { readonly status: 'out_of_time' }
  | { readonly status: 'refused'; readonly reason: string };

export interface ListDeps {
  readonly github: GitHubAlertList;
  readonly secretTypes: readonly string[];
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Lists the next page, and waits for a rate limit that ends in time. */
export async function listPage(
  listing: Listing,
  { deadline, github, secretTypes }: ListDeps,
): Promise<ListedPage> {
  for (;;) {
    if (Date.now() >= deadline) return { status: 'out_of_time' };
    const { after, org } = listing;
    const page = await github.listOpenAlerts({ org, secretTypes, after }, { deadline });
    if (page.ok) {
      if (page.next !== undefined && listing.used.has(page.next)) {
        return { status: 'refused', reason: "GitHub's listing repeats the same page" };
      }
      listing.after = page.next;
      if (page.next !== undefined) listing.used.add(page.next);
      const { alerts, malformed, next } = page;
      return { status: 'page', alerts, malformed, isLast: next === undefined };
    }
    const until = page.retryAt;
    if (until === undefined || until + 1_000 >= deadline) return { status: 'refused', reason: page.reason };
    await sleep(Math.max(1_000, until - Date.now()));
  }
}
