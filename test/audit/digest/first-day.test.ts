import { expect, test } from 'vitest';
import { firstDay } from '../../../lib/audit/digest/first-day.ts';
import type { ObjectVersion, VersionListing } from '../../../lib/aws/list-versions.ts';

const DEADLINE = 7;

/** A bucket with records and notes of these days; records were stored at these times. */
async function find(records: Record<string, readonly string[]>, noted: readonly string[] = []) {
  const asked: unknown[] = [];
  const folders: Record<string, readonly string[]> = {
    'records/date=': Object.keys(records),
    'index/stored/date=': noted,
  };
  const versions: VersionListing = {
    folders: async (prefix, deadline) => {
      asked.push([prefix, deadline]);
      return (folders[prefix] ?? expect.fail(prefix)).map((day) => `${prefix}${day}/`);
    },
    async *pages({ prefix }, deadline) {
      asked.push([prefix, deadline]);
      const stored = records[prefix.slice('records/date='.length, -1)] ?? expect.fail(prefix);
      // A second page, which need not be read.
      for (const times of [stored, ['2000-01-01T00:00:00Z']]) {
        if (stored.length === 0) return;
        yield times.map(
          (time): ObjectVersion => ({
            key: prefix,
            size: 1,
            storedAt: Date.parse(time),
            versionId: 'v',
            isDeleteMarker: false,
          }),
        );
      }
    },
    hash: async () => expect.fail('nothing is read'),
  };
  return { day: await firstDay({ versions, deadline: DEADLINE }), asked };
}

test.each<[string, Record<string, string[]>, string[], string | undefined]>([
  ['is none in an empty bucket', {}, [], undefined],
  ['is that of the first record', { '2026-07-30': ['2026-07-30T12:00:00Z'] }, [], '2026-07-30'],
  [
    'is that of a record that was stored a day later',
    { '2026-07-30': ['2026-07-31T23:59:59Z'], '2026-07-31': ['2026-07-31T12:00:00Z'] },
    [],
    '2026-07-30',
  ],
  [
    'is not that of a report that is older than the bucket',
    { '2026-07-28': ['2026-07-30T00:00:00Z'], '2026-07-30': ['2026-07-30T12:00:00Z'] },
    [],
    '2026-07-30',
  ],
  [
    'is that of a day with one record that was stored about then',
    { '2026-07-28': ['2026-08-20T00:00:00Z', '2026-07-28T12:00:00Z'] },
    [],
    '2026-07-28',
  ],
  ['is none when no day has such a record', { '2026-07-28': ['2026-08-20T00:00:00Z'] }, [], undefined],
  ['is not a day without any record', { '2026-07-28': [] }, [], undefined],
  ['is that of the first note', {}, ['2026-07-29', '2026-07-30'], '2026-07-29'],
  [
    'is that of the first note, when no record is before it',
    { '2026-07-29': ['2026-07-29T12:00:00Z'] },
    ['2026-07-29'],
    '2026-07-29',
  ],
  [
    'is that of a record before the first note',
    { '2026-07-28': ['2026-07-28T12:00:00Z'] },
    ['2026-07-29'],
    '2026-07-28',
  ],
  [
    'is not that of what is no day',
    { x: ['2026-07-28T12:00:00Z'], '2026-07-30': ['2026-07-30T12:00:00Z'] },
    ['y'],
    '2026-07-30',
  ],
])('the first day %s', async (_, records, noted, day) => {
  expect((await find(records, noted)).day).toBe(day);
});

test('records of the first note and later are not listed', async () => {
  const { asked } = await find({ '2026-07-29': ['2026-07-29T12:00:00Z'] }, ['2026-07-29']);

  expect(asked).toEqual([
    ['index/stored/date=', DEADLINE],
    ['records/date=', DEADLINE],
  ]);
});

test('each day is listed within the time of the invocation', async () => {
  const { asked } = await find({ '2026-07-29': ['2026-07-29T12:00:00Z'] });

  expect(asked.at(-1)).toEqual(['records/date=2026-07-29/', DEADLINE]);
});
