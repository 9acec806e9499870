import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { digestKey, readDigest, readShard, SHARD_ENTRIES, sha256 } from '../../../lib/audit/digest/format.ts';
import { type DigestParts, writeDigests } from '../../../lib/audit/digest/write-digests.ts';
import { countAnomalies } from '../../../lib/audit/digest/write-shards.ts';
import type { VersionListing } from '../../../lib/aws/list-versions.ts';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { captureOutput } from '../../support/load-handler.ts';

// Sizes at which the whole bucket no longer fits: the listing and the store are in memory, so that only the work counts.

const DAY = '2026-07-30';
const STORED = Date.parse(`${DAY}T12:00:00Z`);

beforeEach(() => {
  captureOutput();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-07-31T00:30:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const nameOf = (index: number) =>
  `records/date=${DAY}/github/acme/webshop/${String(index).padStart(8, '0')}/90-outcome.json`;

/** A day with so many records, and folders of other days that must not be read. */
function bucketOf(count: number, { days = [DAY] } = {}) {
  const objects = new Map<string, string>();
  const asked = { listings: 0, reads: 0, prefixes: new Set<string>() };
  const store: AuditStore = {
    async put(path, record) {
      if (objects.has(path)) return { result: 'exists' };
      objects.set(path, String(record));
      return { result: 'stored' };
    },
    get: async (path) => ({ ok: true, text: objects.get(path) }),
  };
  const versions: VersionListing = {
    async *pages({ prefix, startAfter = '' }) {
      asked.prefixes.add(prefix);
      if (prefix !== `records/date=${DAY}/`) return;
      const first = startAfter === '' ? 0 : Number(/\/(\d{8})\//.exec(startAfter)?.[1]) + 1;
      for (let from = first; from < count; from += 1_000) {
        asked.listings += 1;
        yield Array.from({ length: Math.min(1_000, count - from) }, (_, index) => ({
          key: nameOf(from + index),
          size: 2_000,
          storedAt: STORED,
          versionId: `v${from + index}`,
          isDeleteMarker: false,
        }));
      }
    },
    async folders(prefix) {
      if (prefix === 'records/date=') return days.map((day) => `${prefix}${day}/`);
      const found = [...objects.keys()].flatMap((key) => /^digests\/date=[^/]+\//.exec(key)?.[0] ?? []);
      return [...new Set(found)].filter((folder) => folder.startsWith(prefix)).sort();
    },
    async hash({ key }) {
      asked.reads += 1;
      return sha256(key);
    },
  };
  const key = {
    sign: async () => ({ signature: 'c2ln', keyId: 'arn' }),
    publicKey: async () => Buffer.alloc(0),
  };
  const parts = (deadline = Date.now() + 600_000): DigestParts => ({
    bucket: 'audit',
    store,
    versions,
    key,
    publish: async () => {},
    deadline,
  });
  return { objects, asked, parts };
}

test.each([42_500, 130_000])(
  'signs a day of %d records, in shards that can all be read back',
  async (count) => {
    const { asked, objects, parts } = bucketOf(count);

    expect(await writeDigests(parts())).toEqual({ days: [DAY] });
    const digest = readDigest(objects.get(digestKey(DAY)) ?? '')?.digest ?? expect.fail('no digest');
    expect(digest.counts).toEqual({ records: count });
    expect(digest.shards).toHaveLength(Math.ceil(count / SHARD_ENTRIES));
    for (const { entries, key, sha256: hash, size } of digest.shards) {
      const text = objects.get(key) ?? expect.fail(key);
      expect(sha256(text)).toBe(hash);
      expect(size).toBeLessThan(4 * 1024 * 1024);
      expect(readShard(text)?.entries).toHaveLength(entries);
    }
    // Each object is listed once and read once.
    expect(asked).toMatchObject({ reads: count });
    expect(asked.listings).toBeLessThanOrEqual(Math.ceil(count / 1_000) + 1);
  },
);

test('lists nothing but the day and its notes, however long the history is', async () => {
  const days = Array.from({ length: 400 }, (_, index) =>
    new Date(STORED + index * 86_400_000).toISOString().slice(0, 10),
  );
  const { asked, parts } = bucketOf(10, { days });
  await writeDigests(parts());

  // The first run looks for the first day in its folder too.
  expect([...asked.prefixes].sort()).toEqual([`index/stored/date=${DAY}/`, `records/date=${DAY}/`]);
});

test('continues in the next run where the time ran out, without reading anything twice', async () => {
  const { asked, objects, parts } = bucketOf(10_000);
  const { store } = parts();
  const slow: AuditStore = {
    ...store,
    async put(path, record, retry) {
      vi.setSystemTime(Date.now() + 60_000);
      return store.put(path, record, retry);
    },
  };

  expect(await writeDigests({ ...parts(Date.now() + 70_000), store: slow })).toEqual({
    days: [],
    unfinished: DAY,
  });
  expect(objects.has(digestKey(DAY))).toBe(false);
  expect(await writeDigests(parts())).toEqual({ days: [DAY] });
  expect(asked.reads).toBe(10_000);
  const { shards } = readDigest(objects.get(digestKey(DAY)) ?? '')?.digest ?? expect.fail('no digest');
  const keys = shards.flatMap(
    ({ key }) => readShard(objects.get(key) ?? '')?.entries.map((entry) => entry.key) ?? [],
  );
  expect(keys).toEqual(Array.from({ length: 10_000 }, (_, index) => nameOf(index)));
});

test('continues after a run that was killed in the middle of a shard, and reads only that shard again', async () => {
  const { asked, objects, parts } = bucketOf(10_000);
  const { versions } = parts();
  const killed = new Promise<void>((resolve) => {
    const hash: VersionListing['hash'] = (version, deadline) => {
      if (asked.reads < 6_000) return versions.hash(version, deadline);
      resolve();
      return new Promise(() => undefined);
    };
    void writeDigests({ ...parts(), versions: { ...versions, hash } });
  });
  await killed;
  expect([...objects.keys()]).toEqual([`digests/date=${DAY}/shard-000001.jsonl`]);

  expect(await writeDigests(parts())).toEqual({ days: [DAY] });
  expect(asked.reads).toBe(6_000 + 10_000 - SHARD_ENTRIES);
  const { counts, shards } =
    readDigest(objects.get(digestKey(DAY)) ?? '')?.digest ?? expect.fail('no digest');
  expect(counts).toEqual({ records: 10_000 });
  expect(shards.map(({ entries }) => entries)).toEqual([4_000, 4_000, 2_000]);
});

test('stops when another run is faster, and leaves the day to it', async () => {
  const { objects, parts } = bucketOf(3);
  objects.set('digests/date=2026-07-30/shard-000002.jsonl', '');
  const { store } = parts();
  const raced: AuditStore = { ...store, put: async () => ({ result: 'exists' }) };

  await expect(writeDigests({ ...parts(), store: raced })).rejects.toMatchObject({ code: 'digest' });
  expect(objects.has(digestKey(DAY))).toBe(false);
});

test.each([
  [
    'one version each',
    [
      ['a', 'x'],
      ['b', 'x'],
    ],
    0,
  ],
  [
    'two versions of one key',
    [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
    ],
    1,
  ],
  [
    'a delete marker alone',
    [
      ['a', null],
      ['b', 'x'],
    ],
    1,
  ],
  [
    'three versions of one key',
    [
      ['a', 'x'],
      ['a', 'y'],
      ['a', null],
    ],
    1,
  ],
])('counts anomalies: %s', (_, entries, expected) => {
  expect(countAnomalies(entries.map(([key, hash]) => ({ key: String(key), sha256: hash ?? null })))).toBe(
    expected,
  );
});
