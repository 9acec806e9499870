import { expect, test } from 'vitest';
import type { ListingShard } from '../../../../cli/audit/verify/chain.ts';
import { notedEntries } from '../../../../cli/audit/verify/noted-entries.ts';
import { writeShard } from '../../../../lib/audit/digest/format.ts';

/** Shards of 4 entries at most, as the digest cuts them. */
function logOf(days: Readonly<Record<string, readonly string[]>>) {
  const files = new Map<string, string>();
  const shards: ListingShard[] = [];
  const reads = { count: 0 };
  for (const [day, paths] of Object.entries(days)) {
    const prefix = `index/stored/date=${day}/`;
    let from = '';
    for (let at = 0; at < paths.length; at += 4) {
      const own = paths.slice(at, at + 4);
      const key = `digests/date=${day}/shard-${at}`;
      const through = `${prefix}${own.at(-1)}`;
      shards.push({ key, day, from, through });
      const header = { version: 1, day, number: 1, source: 'noted', after: from, through } as const;
      const entry = { version_id: 'v', sha256: 'a'.repeat(64), size: 1, stored_at: '' };
      files.set(key, writeShard({ header, entries: own.map((path) => ({ ...entry, key: path })) }));
      from = through;
    }
  }
  const source = {
    read: async (key: string) => {
      reads.count += 1;
      return Buffer.from(files.get(key) ?? expect.fail(key));
    },
  };
  return { source, shards, reads };
}

async function keysOf(log: ReturnType<typeof logOf>, after: string, most: number) {
  const found: string[] = [];
  for await (const { day, key } of notedEntries(log.source, log.shards, after, most))
    found.push(`${key} ${day.slice(-2)}`);
  return found;
}

const paths = (begin: number, step: number) =>
  Array.from({ length: 30 }, (_, at) => `plans/${String(begin + at * step).padStart(4, '0')}`);
const DAYS = { '2026-07-01': paths(0, 3), '2026-07-02': paths(40, 1), '2026-07-03': paths(1, 3) };
const ALL = Object.entries(DAYS)
  .flatMap(([day, own]) => own.map((path) => `${path} ${day.slice(-2)}`))
  .sort();

test.each([1, 2, 3, 7, 45, 90, 1_000])('lists every entry once, in order, %d at a time', async (most) => {
  expect(await keysOf(logOf(DAYS), '', most)).toEqual(ALL);
});

test('continues after a key', async () => {
  const after = 'plans/0050';
  expect(await keysOf(logOf(DAYS), after, 5)).toEqual(ALL.filter((line) => line.slice(0, 10) > after));
  expect(await keysOf(logOf(DAYS), 'plans/9', 5)).toEqual([]);
});

test('keeps the versions of one key together, however many there are', async () => {
  const same = Array.from({ length: 9 }, () => 'plans/0041');
  const log = logOf({ ...DAYS, '2026-07-04': same });
  expect(await keysOf(log, '', 2)).toEqual([...ALL, ...same.map((path) => `${path} 04`)].sort());
});

test('reads a shard again only while it may hold what comes next', async () => {
  const log = logOf({ '2026-07-01': Array.from({ length: 400 }, (_, at) => `plans/${1_000 + at}`) });
  expect(await keysOf(log, '', 40)).toHaveLength(400);
  expect(log.reads.count).toBeLessThan(4 * log.shards.length);
});
