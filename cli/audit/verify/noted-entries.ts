import { readShard } from '../../../lib/audit/digest/format.ts';
import { notedPath } from '../../../lib/audit/stored-note.ts';
import { compareKeys, type Source } from '../log/source.ts';
import type { Listed, ListingShard } from './chain.ts';

/** Entries that are in memory at the same time, up to twice as many while shards are read: about 20 MB. */
const MOST = 20_000;

/**
 * What the digests list outside a day's own records, in the order of the keys, however many there are: each day has its own
 * listing, so they are read again for every `most` entries, and only the next ones are kept.
 */
export async function* notedEntries(
  source: Pick<Source, 'read'>,
  shards: readonly ListingShard[],
  startAfter: string,
  most = MOST,
): AsyncGenerator<Listed> {
  let after = startAfter;
  for (;;) {
    const { entries, isLast } = await nextEntries(source, shards, after, most);
    yield* entries;
    const last = entries.at(-1);
    if (isLast || last === undefined) return;
    after = last.key;
  }
}

/** The first entries after a key, all of a key together: `most`, and as many as have the same key as the last of them. */
async function nextEntries(
  source: Pick<Source, 'read'>,
  shards: readonly ListingShard[],
  after: string,
  most: number,
): Promise<{ readonly entries: readonly Listed[]; readonly isLast: boolean }> {
  let entries: Listed[] = [];
  let limit: string | undefined;
  const cut = (): void => {
    entries.sort((a, b) => compareKeys(a.key, b.key));
    const last = entries[most - 1]?.key;
    const end = last === undefined ? -1 : entries.findIndex(({ key }) => compareKeys(key, last) > 0);
    if (end < 0) return;
    limit = last;
    entries = entries.slice(0, end);
  };
  for (const { day, from, key, through } of shards) {
    const isPast = compareKeys(notedPath(through), after) <= 0;
    if (isPast || (limit !== undefined && compareKeys(notedPath(from), limit) > 0)) continue;
    for (const entry of readShard((await source.read(key)).toString())?.entries ?? []) {
      const isAhead = compareKeys(entry.key, after) > 0;
      if (isAhead && (limit === undefined || compareKeys(entry.key, limit) <= 0))
        entries.push({ ...entry, day });
    }
    if (entries.length >= 2 * most) cut();
  }
  cut();
  return { entries, isLast: limit === undefined };
}
