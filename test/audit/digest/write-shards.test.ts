import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readShard, type Shard, sha256, shardKey, writeShard } from '../../../lib/audit/digest/format.ts';
import { countAnomalies, writeShards } from '../../../lib/audit/digest/write-shards.ts';
import type { ObjectVersion, VersionListing } from '../../../lib/aws/list-versions.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const DAY = '2026-07-30';
const RECORDS = `records/date=${DAY}/`;
const NOTES = `index/stored/date=${DAY}/`;
const NOW = Date.parse('2026-07-31T00:30:00Z');
const STORED = Date.parse(`${DAY}T12:00:00Z`);
const DEADLINE = NOW + 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const version = (key: string, given: Partial<ObjectVersion> = {}): ObjectVersion => ({
  key,
  size: 3,
  storedAt: STORED,
  versionId: 'v1',
  isDeleteMarker: false,
  ...given,
});

/** The shards of a bucket that holds these versions, in the order of its listing. */
function world(all: readonly ObjectVersion[]) {
  const bucket = memoryBucket();
  const asked = { listings: [] as string[], hashes: [] as string[] };
  const versions: VersionListing = {
    async *pages({ prefix, startAfter = '' }) {
      asked.listings.push(`${prefix} ${startAfter}`.trim());
      yield all.filter(({ key }) => key.startsWith(prefix) && key > startAfter);
    },
    folders: async () => expect.fail('no folder is listed'),
    hash: async ({ key, versionId }, deadline) => {
      expect(deadline).toBe(DEADLINE);
      asked.hashes.push(key);
      return sha256(`${key} ${versionId}`);
    },
  };
  const parts = { store: bucket.store, versions, deadline: DEADLINE };
  return {
    asked,
    bucket,
    parts,
    write: (given: Partial<typeof parts> = {}) => writeShards(DAY, { ...parts, ...given }),
    async shard(number: number): Promise<Shard> {
      const found = await bucket.store.get(shardKey(DAY, number), { deadline: DEADLINE });
      return readShard((found.ok && found.text) || '') ?? expect.fail(`no shard ${number}`);
    },
    async put(number: number, text: string) {
      await bucket.store.put(shardKey(DAY, number), text, { deadline: DEADLINE });
    },
  };
}

test('a day is written with its records, and then what its notes name', async () => {
  const { asked, shard, write } = world([
    version(`${RECORDS}a/90-outcome.json`),
    version(`${RECORDS}b/90-outcome.json`, { versionId: 'v2', isDeleteMarker: true, size: 0 }),
    version(`${RECORDS}b/90-outcome.json`, { storedAt: STORED - 1_000 }),
    version(`${NOTES}plans/1/start.json`),
    version('plans/1/start.json'),
  ]);
  const written = await write();

  const records = await shard(1);
  expect(records).toEqual({
    header: {
      version: 1,
      day: DAY,
      number: 1,
      source: 'records',
      after: '',
      through: `${RECORDS}b/90-outcome.json`,
    },
    entries: [
      {
        key: `${RECORDS}a/90-outcome.json`,
        version_id: 'v1',
        sha256: sha256(`${RECORDS}a/90-outcome.json v1`),
        size: 3,
        stored_at: '2026-07-30T12:00:00.000Z',
      },
      {
        key: `${RECORDS}b/90-outcome.json`,
        version_id: 'v2',
        sha256: null,
        size: 0,
        stored_at: '2026-07-30T12:00:00.000Z',
      },
      {
        key: `${RECORDS}b/90-outcome.json`,
        version_id: 'v1',
        sha256: sha256(`${RECORDS}b/90-outcome.json v1`),
        size: 3,
        stored_at: '2026-07-30T11:59:59.000Z',
      },
    ],
  });
  const noted = await shard(2);
  expect(noted).toMatchObject({
    header: { number: 2, source: 'noted', after: '', through: `${NOTES}plans/1/start.json` },
    entries: [{ key: 'plans/1/start.json' }],
  });
  const ref = (one: Shard) => ({
    key: shardKey(DAY, one.header.number),
    sha256: sha256(writeShard(one)),
    size: writeShard(one).length,
    entries: one.entries.length,
  });
  expect(written).toEqual({
    status: 'complete',
    refs: [ref(records), ref(noted)],
    counts: { records: 3, plans: 1 },
    anomalies: 1,
  });
  // A delete marker has nothing to read.
  expect(asked.hashes).toHaveLength(3);
});

test('a day without anything has no shards', async () => {
  expect(await world([]).write()).toEqual({ status: 'complete', refs: [], counts: {}, anomalies: 0 });
});

describe('a shard', () => {
  test('ends with 4,000 versions, and the next one goes on after its last key', async () => {
    const keys = Array.from({ length: 2_001 }, (_, index) => `${RECORDS}${String(index).padStart(4, '0')}`);
    const { shard, write } = world(keys.flatMap((key) => [version(key, { versionId: 'v2' }), version(key)]));

    expect((await write()).refs.map(({ entries }) => entries)).toEqual([4_000, 2]);
    expect((await shard(1)).header).toMatchObject({ number: 1, after: '', through: keys[1_999] });
    expect((await shard(2)).header).toMatchObject({ number: 2, after: keys[1_999], through: keys[2_000] });
  });

  test('of notes ends with 4,000 of them, though what they name was not stored in the end', async () => {
    const notes = Array.from(
      { length: 4_001 },
      (_, index) => `${NOTES}plans/${String(index).padStart(4, '0')}`,
    );
    const { shard, write } = world(notes.map((note) => version(note)));

    expect((await write()).refs.map(({ entries }) => entries)).toEqual([0, 0]);
    expect((await shard(1)).header).toMatchObject({ source: 'noted', through: notes[3_999] });
  });

  test.each([
    ['is begun with 20 s left', 20_000, 'complete'],
    ['is not begun with less', 19_999, 'unfinished'],
  ])('%s', async (_, left, status) => {
    const { write } = world([version(`${RECORDS}a`)]);
    vi.setSystemTime(DEADLINE - left);

    expect(await write()).toMatchObject({ status, refs: status === 'complete' ? [{ entries: 1 }] : [] });
  });

  test('that cannot be stored throws', async () => {
    const { bucket, write } = world([version(`${RECORDS}a`)]);
    const { store } = bucket.failing((name) => name === 'put');

    await expect(write({ store })).rejects.toMatchObject({
      name: 'DigestError',
      code: 'digest',
      message: 'HTTP 503',
    });
  });
});

test('each call has the time of the invocation', async () => {
  const { bucket, write } = world([version(`${RECORDS}a`)]);
  const get = vi.spyOn(bucket.store, 'get');
  const put = vi.spyOn(bucket.store, 'put');
  await write();

  expect(get).toHaveBeenCalledWith(shardKey(DAY, 1), { deadline: DEADLINE });
  expect(put).toHaveBeenCalledWith(shardKey(DAY, 1), expect.any(String), { deadline: DEADLINE });
});

describe('a run that goes on with a day', () => {
  const existing = (number: number, source: 'records' | 'noted', through: string): Shard => ({
    header: { version: 1, day: DAY, number, source, after: '', through },
    entries: [
      { key: `${source}/x`, version_id: 'v2', sha256: 'a'.repeat(64), size: 1, stored_at: 'then' },
      { key: `${source}/x`, version_id: 'v1', sha256: 'b'.repeat(64), size: 1, stored_at: 'then' },
    ],
  });
  const all = [
    version(`${RECORDS}a`),
    version(`${RECORDS}b`),
    version(`${NOTES}plans/1`),
    version('plans/1'),
  ];

  test('keeps the shards that there are, and lists what comes after them', async () => {
    const { asked, put, shard, write } = world(all);
    await put(1, writeShard(existing(1, 'records', `${RECORDS}a`)));
    const { anomalies, counts, refs, status } = await write();

    expect(status).toBe('complete');
    expect(refs.map(({ key }) => key)).toEqual([1, 2, 3].map((number) => shardKey(DAY, number)));
    expect(counts).toEqual({ records: 3, plans: 1 });
    expect(anomalies).toBe(1);
    expect(asked.listings[0]).toBe(`${RECORDS} ${RECORDS}a`);
    expect((await shard(2)).header).toMatchObject({ after: `${RECORDS}a`, through: `${RECORDS}b` });
    expect((await shard(3)).header).toMatchObject({ source: 'noted', after: '' });
  });

  test('lists no records once notes were listed', async () => {
    const { asked, put, write } = world(all);
    await put(1, writeShard(existing(1, 'records', `${RECORDS}b`)));
    await put(2, writeShard(existing(2, 'noted', `${NOTES}plans/1`)));

    expect(await write()).toMatchObject({
      status: 'complete',
      counts: { records: 2, noted: 2 },
      anomalies: 2,
    });
    expect(asked.listings).toEqual([`${NOTES} ${NOTES}plans/1`]);
  });

  test('throws when a shard is no shard, or cannot be read', async () => {
    const { bucket, put, write } = world(all);
    const key = shardKey(DAY, 1);
    const { store } = bucket.failing((name) => name === 'get');
    await expect(write({ store })).rejects.toThrow(`the shard ${key} is not readable: HTTP 503`);
    await put(1, 'not a shard');

    await expect(write()).rejects.toThrow(`the shard ${key} is not readable`);
  });
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
