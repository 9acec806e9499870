/** One page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly end_cursor?: string | null | undefined;
  readonly has_next_page: boolean;
  /** How many there are on all pages, where the API says so. */
  readonly total?: number | null | undefined;
}

/** What a page leads to. `incomplete`: the pages so far are not the whole listing, and no further one will make them so. */
export type AfterPage<T> =
  | { readonly status: 'next'; readonly cursor: string }
  | { readonly status: 'complete'; readonly items: readonly T[] }
  | { readonly status: 'incomplete'; readonly reason: string };

/** Collects the pages of one listing, and decides whether they are all of it. */
export function pageCollector<T>(idOf: (item: T) => string): (page: Page<T>) => AfterPage<T> {
  const items = new Map<string, T>();
  const cursors = new Set<string>();
  return ({ end_cursor, has_next_page, items: added, total }) => {
    const before = items.size;
    for (const item of added) items.set(idOf(item), item);
    // What comes twice has moved while the pages were read, and something else may have moved out of sight.
    if (items.size < before + added.length) return incomplete('it shows an entry twice');
    if (has_next_page) {
      if (!end_cursor) return incomplete('it promises a next page and does not say where');
      if (cursors.has(end_cursor)) return incomplete('its pages go in a circle');
      cursors.add(end_cursor);
      return { status: 'next', cursor: end_cursor };
    }
    return typeof total === 'number' && items.size < total
      ? incomplete(`it shows ${items.size} of ${total} entries`)
      : { status: 'complete', items: [...items.values()] };
  };
}

function incomplete(reason: string) {
  return { status: 'incomplete', reason } as const;
}
