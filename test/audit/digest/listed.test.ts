import { expect, test } from 'vitest';
import { type Listed, listed } from '../../../lib/audit/digest/listed.ts';
import type { ObjectVersion, VersionListing } from '../../../lib/aws/list-versions.ts';

const DAY = '2026-07-30';
const RECORDS = `records/date=${DAY}/`;
const NOTES = `index/stored/date=${DAY}/`;
const DEADLINE = 7;

const version = (key: string, versionId = 'v1'): ObjectVersion => ({
  key,
  size: 1,
  storedAt: 0,
  versionId,
  isDeleteMarker: false,
});

/** A bucket of these versions, in the order of its listing, with so many on a page. */
async function list(
  source: 'records' | 'noted',
  all: readonly ObjectVersion[],
  { after = '', page = 2 } = {},
) {
  const deadlines = new Set<number>();
  const notesBefore: number[] = [];
  let notes = 0;
  let [active, most] = [0, 0];
  const versions: VersionListing = {
    async *pages({ prefix, startAfter = '' }, deadline) {
      deadlines.add(deadline);
      most = Math.max(most, ++active);
      await Promise.resolve();
      active -= 1;
      const found = all.filter(({ key }) => key.startsWith(prefix) && key > startAfter);
      if (!prefix.startsWith(NOTES)) notesBefore.push(notes);
      for (let from = 0; from < found.length; from += page) {
        if (prefix.startsWith(NOTES)) notes += page;
        yield found.slice(from, from + page);
      }
    },
    folders: async () => expect.fail('no folder is listed'),
    hash: async () => expect.fail('nothing is read'),
  };
  const items: Listed[] = [];
  for await (const item of listed(DAY, source, after, { versions, deadline: DEADLINE })) items.push(item);
  expect([...deadlines]).toEqual([DEADLINE]);
  return { items, most, notesBefore };
}

test.each([1, 2, 3, 10])('records are listed with all their versions, %i to a page', async (page) => {
  const [a, b2, b1, c] = [
    version(`${RECORDS}a`),
    version(`${RECORDS}b`, 'v2'),
    version(`${RECORDS}b`, 'v1'),
    version(`${RECORDS}c`),
  ];
  const all = [version('records/date=2026-07-29/x'), a, b2, b1, c, version('records/date=2026-07-31/x')];

  expect((await list('records', all, { page })).items).toEqual([
    { at: a.key, versions: [a] },
    { at: b1.key, versions: [b2, b1] },
    { at: c.key, versions: [c] },
  ]);
  expect((await list('records', all, { after: a.key, page })).items).toHaveLength(2);
  expect((await list('records', all, { after: c.key, page })).items).toEqual([]);
});

test('notes are listed with the versions of what they name', async () => {
  const [plan2, plan1] = [version('plans/1/start.json', 'v2'), version('plans/1/start.json', 'v1')];
  const all = [
    version(`${NOTES}plans/1/start.json`),
    version(`${NOTES}plans/2/start.json`),
    version(`${NOTES}records/date=2026-01-01/a`),
    plan2,
    plan1,
    // It merely begins like one that was not stored in the end.
    version('plans/2/start.json.bak'),
    version('records/date=2026-01-01/a'),
    version('records/date=2026-01-01/ab'),
  ];

  expect((await list('noted', all)).items).toEqual([
    { at: `${NOTES}plans/1/start.json`, versions: [plan2, plan1] },
    { at: `${NOTES}plans/2/start.json`, versions: [] },
    { at: `${NOTES}records/date=2026-01-01/a`, versions: [version('records/date=2026-01-01/a')] },
  ]);
  const after = `${NOTES}plans/2/start.json`;
  expect((await list('noted', all, { after })).items).toHaveLength(1);
});

test('many notes are looked up 32 at a time, in their order', async () => {
  const paths = Array.from({ length: 70 }, (_, index) => `plans/${String(index).padStart(2, '0')}`);
  const all = [...paths.map((path) => version(`${NOTES}${path}`)), ...paths.map((path) => version(path))];
  const { items, most, notesBefore } = await list('noted', all, { page: 1 });

  expect(items).toEqual(paths.map((path) => ({ at: `${NOTES}${path}`, versions: [version(path)] })));
  expect(most).toBe(32);
  // Those that wait are few: a note is known to be whole once the next one is listed.
  expect(notesBefore[0]).toBe(33);
});
