import { readShard } from '../../../lib/audit/digest/format.ts';
import { compareKeys, type Source } from '../log/source.ts';
import type { Chain, Listed } from './chain.ts';
import { type Group, groupByKey, outerJoin } from './join.ts';

/**
 * What the digests list, in the order of the keys: the records of each day, merged with what was stored elsewhere. One shard
 * is in memory at a time.
 */
export async function* expectedFiles(
  source: Source,
  { noted, shards }: Pick<Chain, 'noted' | 'shards'>,
  startAfter = '',
): AsyncGenerator<Group<Listed>> {
  const rest = noted.filter(({ key }) => compareKeys(key, startAfter) > 0);
  const joined = outerJoin(groupByKey(ofShards(source, shards, startAfter)), groupByKey(rest));
  for await (const { key, left, right } of joined) yield { key, items: [...left, ...right] };
}

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
