import { readShard } from '../../../lib/audit/digest/format.ts';
import { compareKeys, type Source } from '../log/source.ts';
import type { Chain, Listed } from './chain.ts';
import { type Group, groupByKey, outerJoin } from './join.ts';
import { notedEntries } from './noted-entries.ts';

/** What the digests list, in the order of the keys: the records of each day, merged with what was stored elsewhere. */
export async function* expectedFiles(
  source: Source,
  { noted, shards }: Pick<Chain, 'noted' | 'shards'>,
  startAfter = '',
): AsyncGenerator<Group<Listed>> {
  const own = groupByKey(ofShards(source, shards, startAfter));
  const elsewhere = groupByKey(notedEntries(source, noted, startAfter));
  const joined = outerJoin(own, elsewhere);
  for await (const { key, left, right } of joined) yield { key, items: [...left, ...right] };
}

/** One shard is in memory at a time. */
async function* ofShards(
  source: Source,
  shards: Chain['shards'],
  startAfter: string,
): AsyncGenerator<Listed> {
  for (const { day, key, through } of shards) {
    if (compareKeys(through, startAfter) <= 0) continue;
    const shard = readShard((await source.read(key)).toString());
    for (const entry of shard?.entries ?? [])
      if (compareKeys(entry.key, startAfter) > 0) yield { ...entry, day };
  }
}
