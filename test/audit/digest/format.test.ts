import { expect, test } from 'vitest';
import {
  findHeads,
  formatHead,
  parseHead,
  readShard,
  type Shard,
  writeShard,
} from '../../../lib/audit/digest/format.ts';

const HASH = 'a'.repeat(64);
const shard: Shard = {
  header: { version: 1, day: '2026-07-30', number: 1, source: 'records', after: '', through: 'records/x' },
  entries: [
    { key: 'records/x', version_id: 'v1', sha256: HASH, size: 3, stored_at: '2026-07-30T12:00:00.000Z' },
    { key: 'records/x', version_id: 'v0', sha256: null, size: 0, stored_at: '2026-07-30T11:00:00.000Z' },
  ],
};

test('a shard is read as it was written', () => {
  expect(readShard(writeShard(shard))).toEqual(shard);
  expect(readShard(writeShard({ ...shard, entries: [] }))).toEqual({ ...shard, entries: [] });
});

test.each([
  ['a line that is cut', (text: string) => text.slice(0, -2)],
  ['no line feed at its end', (text: string) => text.slice(0, -1)],
  ['a field too many', (text: string) => text.replace('"size":3', '"size":3,"x":1')],
  ['an empty line', (text: string) => `${text}\n`],
  ['no header', (text: string) => text.slice(text.indexOf('\n') + 1)],
])('a shard with %s is not read', (_, change) => {
  expect(readShard(change(writeShard(shard)))).toBeUndefined();
});

test('a head is read as it was written', () => {
  const head = { day: '2026-07-30', sha256: HASH };

  expect(parseHead(formatHead(head))).toEqual(head);
  expect(parseHead(`${formatHead(head)}0`)).toBeUndefined();
});

test('heads are found in a mailbox, a log or a list', () => {
  const text = `Subject: Audit log\n\n2026-07-30:${HASH}\n> 2026-07-30:${HASH}\n{"head":"2026-07-31:${HASH}"} 2026-08-01:abc`;

  expect(findHeads(text).map(formatHead)).toEqual([`2026-07-30:${HASH}`, `2026-07-31:${HASH}`]);
});
