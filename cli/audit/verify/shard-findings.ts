import {
  type Digest,
  type Shard,
  type ShardRef,
  sha256,
  shardKey,
} from '../../../lib/audit/digest/format.ts';
import { compareKeys } from '../log/source.ts';
import { broken, type Finding } from './finding.ts';

/** A leaf of a day's tree, as the root names it. */
export interface Leaf {
  readonly ref: ShardRef;
  readonly bytes: Buffer;
  readonly shard: Shard | undefined;
}

/** Checks a shard against the root of its day. @param index its place among the root's shards, from 0 */
export function shardFindings({ day }: Digest, index: number, { bytes, ref, shard }: Leaf): Finding[] {
  const { key } = ref;
  if (sha256(bytes) !== ref.sha256)
    return [broken(key, `is changed: its hash is not the one in the digest of ${day}`)];
  if (shard === undefined) return [broken(key, 'is not a shard of a digest')];
  const { entries, header } = shard;
  const isInPlace = key === shardKey(day, index + 1) && header.day === day && header.number === index + 1;
  if (!isInPlace) return [broken(key, `is shard ${header.number} of ${header.day}, under the wrong key`)];
  if (entries.length !== ref.entries)
    return [broken(key, `lists ${entries.length} files, and the digest of ${day} says ${ref.entries}`)];
  if (header.source === 'noted') return [];
  const isOfDay = entries.every((entry) => entry.key.startsWith(`records/date=${day}/`));
  const isSorted = entries.every(({ key: later }, at) => {
    const earlier = entries[at - 1]?.key;
    return earlier === undefined || compareKeys(earlier, later) <= 0;
  });
  return isOfDay && isSorted ? [] : [broken(key, 'is not a listing of its day, in its order')];
}

/** Where a shard's listing begins and ends. */
export type Reach = Pick<Shard['header'], 'source' | 'after' | 'through'>;

/** The shards of a day, each after the one before it, without a gap. */
export function gapFindings(key: string, reaches: readonly Reach[]): Finding[] {
  const gaps = (['records', 'noted'] as const).flatMap((source) => {
    const own = reaches.filter((reach) => reach.source === source);
    return own.filter(({ after }, at) => after !== (own[at - 1]?.through ?? ''));
  });
  return gaps.map(({ after }) => broken(key, `has a gap: a shard begins after ${after || 'the beginning'}`));
}
