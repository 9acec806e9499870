import type { VersionListing } from '../../aws/list-versions.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { putOwn } from '../put-own.ts';
import { DigestError } from './digest-error.ts';
import {
  type Entry,
  readShard,
  SHARD_ENTRIES,
  type Shard,
  type ShardRef,
  ShardSource,
  sha256,
  shardKey,
  writeShard,
} from './format.ts';
import { type Listed, listed } from './listed.ts';

export interface ShardParts {
  readonly store: AuditStore;
  readonly versions: VersionListing;
  /** Epoch milliseconds by which everything has to have ended. */
  readonly deadline: number;
}

/** The leaves of a day. `unfinished`: the time ran out, and the next run continues after the last of them. */
export interface Shards {
  readonly status: 'complete' | 'unfinished';
  readonly refs: readonly ShardRef[];
  readonly counts: Readonly<Record<string, number>>;
  readonly anomalies: number;
}

/** Milliseconds before the deadline after which no further shard is begun. */
const RESERVE_MS = 20_000;
/** Objects that are read at the same time. */
const CONCURRENCY = 32;

/**
 * Writes the shards of a day that are missing. Those that an earlier run wrote are kept as they are, and are read for
 * their counts. Memory is that of one shard. @throws {DigestError} @throws {ListError}
 */
export async function writeShards(day: string, parts: ShardParts): Promise<Shards> {
  const tally = newTally();
  const last = await readExisting(day, tally, parts);
  const sources = ShardSource.options.slice(ShardSource.options.indexOf(last?.header.source ?? 'records'));
  for (const source of sources) {
    let after = last?.header.source === source ? last.header.through : '';
    const items = listed(day, source, after, parts);
    for (;;) {
      if (Date.now() + RESERVE_MS > parts.deadline) return { status: 'unfinished', ...tally.result() };
      const piece = await take(items);
      const through = piece.at(-1)?.at;
      if (through === undefined) break;
      const number = tally.result().refs.length + 1;
      const header = { version: 1 as const, day, number, source, after, through };
      await store({ header, entries: await entriesOf(piece, parts) }, tally, parts);
      after = through;
    }
  }
  return { status: 'complete', ...tally.result() };
}

async function readExisting(day: string, tally: Tally, parts: ShardParts): Promise<Shard | undefined> {
  let last: Shard | undefined;
  for (let number = 1; ; number++) {
    const key = shardKey(day, number);
    const found = await parts.store.get(key, { deadline: parts.deadline });
    if (!found.ok) throw new DigestError(`the shard ${key} is not readable: ${found.reason}`);
    if (found.text === undefined) return last;
    last = readShard(found.text);
    if (last === undefined) throw new DigestError(`the shard ${key} is not readable`);
    tally.add(key, found.text, last);
  }
}

/** At most one shard's worth of objects. */
async function take(items: AsyncGenerator<Listed, void>): Promise<Listed[]> {
  const piece: Listed[] = [];
  for (let size = 0; size < SHARD_ENTRIES; ) {
    const next = await items.next();
    if (next.done) break;
    piece.push(next.value);
    // An object that is missing takes a place too, so that a piece always ends.
    size += Math.max(1, next.value.versions.length);
  }
  return piece;
}

function entriesOf(piece: readonly Listed[], { deadline, versions }: ShardParts): Promise<Entry[]> {
  return pooled(
    piece.flatMap((item) => item.versions),
    CONCURRENCY,
    async (version) => ({
      key: version.key,
      version_id: version.versionId,
      sha256: version.isDeleteMarker ? null : await versions.hash(version, deadline),
      size: version.size,
      stored_at: new Date(version.storedAt).toISOString(),
    }),
  );
}

async function store(shard: Shard, tally: Tally, { deadline, store: bucket }: ShardParts): Promise<void> {
  const key = shardKey(shard.header.day, shard.header.number);
  const text = writeShard(shard);
  // Two runs at once would cut the listing differently; the next run continues from what is stored.
  const failure = await putOwn(bucket, key, text, { deadline });
  if (failure !== undefined) throw new DigestError(failure);
  tally.add(key, text, shard);
}

interface Tally {
  add(key: string, text: string, shard: Shard): void;
  result(): Omit<Shards, 'status'>;
}

function newTally(): Tally {
  const refs: ShardRef[] = [];
  const counts: Record<string, number> = {};
  let anomalies = 0;
  return {
    add(key, text, { entries }) {
      refs.push({ key, sha256: sha256(text), size: Buffer.byteLength(text), entries: entries.length });
      for (const entry of entries) {
        const kind = entry.key.split('/', 1)[0] ?? '';
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
      anomalies += countAnomalies(entries);
    },
    result: () => ({ refs, counts, anomalies }),
  };
}

/** Keys with a delete marker or more than one version. The versions of a key are beside each other. */
export function countAnomalies(entries: readonly Pick<Entry, 'key' | 'sha256'>[]): number {
  const strange = entries.filter(
    ({ key, sha256: hash }, index) => hash === null || entries[index - 1]?.key === key,
  );
  return new Set(strange.map(({ key }) => key)).size;
}
