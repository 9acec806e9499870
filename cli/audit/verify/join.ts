import { compareKeys } from '../log/source.ts';

/** Items of the same key. */
export interface Group<T> {
  readonly key: string;
  readonly items: readonly T[];
}

/** Gathers the items of a stream that follow each other with the same key. */
export async function* groupByKey<T extends { readonly key: string }>(
  items: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<Group<T>> {
  let group: { key: string; items: T[] } | undefined;
  for await (const item of items) {
    if (group?.key === item.key) {
      group.items.push(item);
      continue;
    }
    if (group) yield group;
    group = { key: item.key, items: [item] };
  }
  if (group) yield group;
}

export interface Joined<L, R> {
  readonly key: string;
  readonly left: readonly L[];
  readonly right: readonly R[];
}

/** A full outer join of two streams in the order of their keys, with one group of each in memory. */
export async function* outerJoin<L, R>(
  left: AsyncIterator<Group<L>>,
  right: AsyncIterator<Group<R>>,
): AsyncGenerator<Joined<L, R>> {
  let [a, b] = await Promise.all([left.next(), right.next()]);
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareKeys(a.value.key, b.value.key);
    const l = order <= 0 && !a.done ? a.value : undefined;
    const r = order >= 0 && !b.done ? b.value : undefined;
    yield { key: l?.key ?? r?.key ?? '', left: l?.items ?? [], right: r?.items ?? [] };
    if (l) a = await left.next();
    if (r) b = await right.next();
  }
}
