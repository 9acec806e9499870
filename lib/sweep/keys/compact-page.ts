import type { Page } from './plan.ts';

/**
 * The page as it is stored. Keys that never expire may be all keys of an enterprise, so they are listed by their ids
 * alone.
 */
export function compactPage({ entries, ...page }: Page): Page {
  const parted = Object.groupBy(entries, ({ rule }) => (rule === 'no_expiry' ? 'never' : 'other'));
  const byUser = Map.groupBy(parted.never ?? [], ({ service_user_id }) => service_user_id);
  const no_expiry = Object.fromEntries(
    [...byUser].map(([user, keys]) => [user, keys.map(({ api_key_id }) => api_key_id)]),
  );
  return { ...page, entries: parted.other ?? [], no_expiry };
}
