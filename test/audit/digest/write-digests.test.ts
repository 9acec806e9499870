import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  digestKey,
  headOf,
  readDigest,
  readShard,
  SHARD_ENTRIES,
  sha256,
  textToSign,
} from '../../../lib/audit/digest/format.ts';
import { type DigestParts, draft, writeDigests } from '../../../lib/audit/digest/write-digests.ts';
import type { VersionListing } from '../../../lib/aws/list-versions.ts';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

// Sizes at which the whole bucket no longer fits: the listing and the store are in memory, so that only the work counts.

const DAY = '2026-07-30';
const STORED = Date.parse(`${DAY}T12:00:00Z`);

let output: Output;

beforeEach(() => {
  output = captureOutput();
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

describe('a digest that was replaced', () => {
  const NEXT = Date.parse('2026-08-01T00:30:00Z');

  async function signedOnce() {
    const bucket = bucketOf(3);
    await writeDigests(bucket.parts());
    return { ...bucket, text: bucket.objects.get(digestKey(DAY)) ?? expect.fail('no digest') };
  }

  test.each(['', 'not a digest', '{}\n{}\n'])(
    'by "%s" is neither signed again nor followed',
    async (text) => {
      const { objects, parts } = await signedOnce();
      objects.set(digestKey(DAY), text);
      const before = [...objects];
      vi.setSystemTime(NEXT);

      await expect(writeDigests(parts())).rejects.toThrow(`the digest of ${DAY} is not readable`);
      expect([...objects]).toEqual(before);
    },
  );

  test('by another is not written over, and the next one holds its hash', async () => {
    const { objects, parts, text } = await signedOnce();
    const other = text.replace('"arn"', '"another"');
    objects.set(digestKey(DAY), other);
    vi.setSystemTime(NEXT);

    expect(await writeDigests(parts())).toEqual({ days: ['2026-07-31'] });
    expect(objects.get(digestKey(DAY))).toBe(other);
    const next = readDigest(objects.get(digestKey('2026-07-31')) ?? '')?.digest;
    expect(next?.previous).toEqual({ key: digestKey(DAY), sha256: sha256(other) });
  });

  test('between the look and the put is left alone, and nothing is published', async () => {
    const { objects, parts } = bucketOf(3);
    const { store } = parts();
    const heads: unknown[] = [];
    const raced: AuditStore = {
      ...store,
      async put(path, record, retry) {
        if (path === digestKey(DAY)) objects.set(path, 'another digest');
        return store.put(path, record, retry);
      },
    };
    const publish = async (head: unknown) => void heads.push(head);

    await expect(writeDigests({ ...parts(), store: raced, publish })).rejects.toMatchObject({
      code: 'digest',
    });
    expect(objects.get(digestKey(DAY))).toBe('another digest');
    expect(heads).toEqual([]);
  });

  test('in a shard is not listed anew', async () => {
    const { objects, parts } = bucketOf(3);
    objects.set(`digests/date=${DAY}/shard-000001.jsonl`, 'not a shard');

    await expect(writeDigests(parts())).rejects.toThrow('is not readable');
    expect(objects.has(digestKey(DAY))).toBe(false);
  });
});

describe('a digest', () => {
  const END = Date.parse('2026-07-31T00:00:00Z');
  const ref = { key: 'digests/x', sha256: 'a'.repeat(64), size: 3, entries: 2 };
  const shards = { refs: [ref], counts: { records: 2 }, anomalies: 1 };

  test('has what its shards hold, and the hash of the one before', () => {
    const previous = headOf('2026-07-29', 'text');

    expect(draft(DAY, shards, previous, 'audit', END + 1_800_000)).toEqual({
      version: 2,
      day: DAY,
      bucket: 'audit',
      from: '2026-07-30T00:00:00.000Z',
      to: '2026-07-31T00:00:00.000Z',
      created_at: '2026-07-31T00:30:00.000Z',
      late: false,
      previous: { key: digestKey('2026-07-29'), sha256: previous.sha256 },
      shards: [ref],
      counts: { records: 2 },
      anomalies: 1,
    });
    expect(draft(DAY, shards, undefined, 'audit', END).previous).toBeNull();
  });

  test.each([
    [86_400_000, false],
    [86_400_001, true],
  ])('that is signed %i ms after its day is late: %j', (after, late) => {
    expect(draft(DAY, shards, undefined, 'audit', END + after).late).toBe(late);
  });

  test('is signed by its key and its hash, stored with the signature, and published', async () => {
    const { objects, parts } = bucketOf(3);
    const { store } = parts();
    const put = vi.spyOn(store, 'put');
    const signed: unknown[] = [];
    const published: unknown[] = [];
    const deadline = Date.now() + 600_000;
    const key: DigestParts['key'] = {
      ...parts().key,
      sign: async (text, options) => {
        signed.push([text, options]);
        return { signature: 'c2ln', keyId: 'arn' };
      },
    };
    const publish: DigestParts['publish'] = async (...given) => void published.push(given);
    await writeDigests({ ...parts(deadline), store, key, publish });

    const text = objects.get(digestKey(DAY)) ?? expect.fail('no digest');
    const { digest, line, signature } = readDigest(text) ?? expect.fail('no digest');
    expect(signed).toEqual([[textToSign(digestKey(DAY), line), { deadline }]]);
    expect(put).toHaveBeenLastCalledWith(digestKey(DAY), text, { deadline });
    expect(signature).toEqual({ algorithm: 'ECDSA_SHA_256', key_id: 'arn', signature: 'c2ln' });
    expect(digest).toMatchObject({ bucket: 'audit', counts: { records: 3 }, anomalies: 0 });
    const head = headOf(DAY, text);
    expect(published).toEqual([[head, digest]]);
    expect(output.counted()).toEqual([]);
    expect(output.entries()).toEqual([
      expect.objectContaining({
        message: 'digest signed',
        head: `${DAY}:${head.sha256}`,
        late: false,
        anomalies: 0,
        counts: { records: 3 },
      }),
    ]);
  });

  test('of a day with objects that were changed, signed late, raises both alarms', async () => {
    const { parts } = bucketOf(3);
    const { versions } = parts();
    const twice: VersionListing = {
      ...versions,
      async *pages(keys, deadline) {
        for await (const page of versions.pages(keys, deadline)) yield page.flatMap((one) => [one, one]);
      },
    };
    vi.setSystemTime(Date.parse('2026-08-01T00:10:00Z'));
    await writeDigests({ ...parts(), versions: twice });

    expect(output.entries()).toEqual([
      expect.objectContaining({ message: 'digest signed', late: true, anomalies: 3 }),
      expect.objectContaining({ AuditAnomaly: 3 }),
      expect.objectContaining({ DigestLate: 1 }),
    ]);
  });
});

describe('the days of a run', () => {
  const LATER = Date.parse('2026-08-03T00:30:00Z');

  test('are each signed with the hash of the day before', async () => {
    const { objects, parts } = bucketOf(3);
    vi.setSystemTime(LATER);

    const days = [DAY, '2026-07-31', '2026-08-01', '2026-08-02'];
    expect(await writeDigests(parts())).toEqual({ days });
    for (const [index, day] of days.slice(1).entries()) {
      const before = days[index] ?? expect.fail('no day before');
      const { sha256: hash } = headOf(before, objects.get(digestKey(before)) ?? '');
      expect(readDigest(objects.get(digestKey(day)) ?? '')?.digest.previous).toEqual({
        key: digestKey(before),
        sha256: hash,
      });
    }
  });

  test('end with one that is unfinished, which is logged', async () => {
    const { objects, parts } = bucketOf(3);
    vi.setSystemTime(LATER);
    const { store } = parts();
    const slow: AuditStore = {
      ...store,
      async put(path, record, retry) {
        if (path === digestKey('2026-07-31')) vi.setSystemTime(LATER + 50_000);
        return store.put(path, record, retry);
      },
    };

    expect(await writeDigests({ ...parts(LATER + 60_000), store: slow })).toEqual({
      days: [DAY, '2026-07-31'],
      unfinished: '2026-08-01',
    });
    expect(objects.has(digestKey('2026-08-02'))).toBe(false);
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'digest unfinished', day: '2026-08-01', shards: 0 }),
    );
  });

  test('come after the newest digest, whatever other folders there are', async () => {
    const { objects, parts } = bucketOf(3);
    await writeDigests(parts());
    // A day that is not finished, one that is not over, and what is no day.
    objects.set('digests/date=2026-08-01/shard-000009.jsonl', '');
    objects.set(digestKey('2026-08-03'), 'a digest of the future');
    objects.set('digests/date=x/digest.jsonl', 'not a digest');
    vi.setSystemTime(LATER);

    expect(await writeDigests(parts())).toEqual({ days: ['2026-07-31', '2026-08-01', '2026-08-02'] });
    expect(await writeDigests(parts())).toEqual({ days: [] });
  });

  test('are not begun with when the last digest cannot be read', async () => {
    const { objects, parts } = bucketOf(3);
    await writeDigests(parts());
    const before = [...objects];
    const { store } = parts();
    const down: AuditStore = { ...store, get: async () => ({ ok: false, reason: 'HTTP 503' }) };
    vi.setSystemTime(LATER);

    await expect(writeDigests({ ...parts(), store: down })).rejects.toThrow(
      `the digest of ${DAY} is not readable; verify the audit log`,
    );
    expect([...objects]).toEqual(before);
  });

  test('after a digest do not need the first day', async () => {
    const { parts } = bucketOf(3);
    await writeDigests(parts());
    const { versions } = parts();
    const asked: string[] = [];
    const folders: VersionListing['folders'] = (prefix, deadline) => {
      asked.push(prefix);
      return versions.folders(prefix, deadline);
    };
    const deadline = Date.now() + 60_000;
    const { store } = parts();
    const get = vi.spyOn(store, 'get');
    await writeDigests({ ...parts(deadline), store, versions: { ...versions, folders } });

    expect(asked).toEqual(['digests/date=']);
    expect(get).toHaveBeenCalledExactlyOnceWith(digestKey(DAY), { deadline });
  });
});
