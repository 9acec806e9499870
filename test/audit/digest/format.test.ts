import { describe, expect, test } from 'vitest';
import {
  type Digest,
  digestKey,
  findHeads,
  formatHead,
  headOf,
  parseHead,
  readDigest,
  readShard,
  type Shard,
  type Signature,
  sha256,
  shardKey,
  textToSign,
  writeDigest,
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
  ['a character in place of its last line feed', (text: string) => `${text.slice(0, -1)} `],
])('a shard with %s is not read', (_, change) => {
  expect(readShard(change(writeShard(shard)))).toBeUndefined();
});

test('a head is read as it was written', () => {
  const head = { day: '2026-07-30', sha256: HASH };

  expect(parseHead(formatHead(head))).toEqual(head);
  expect(parseHead(` ${formatHead(head)}\n`)).toEqual(head);
  expect(parseHead(`${formatHead(head)}0`)).toBeUndefined();
  expect(parseHead(`1${formatHead(head)}`)).toBeUndefined();
  expect(parseHead(formatHead(head).replace(':', ' '))).toBeUndefined();
  expect(parseHead('')).toBeUndefined();
});

test('heads are found in a mailbox, a log or a list', () => {
  const text = `Subject: Audit log\n\n2026-07-30:${HASH}\n> 2026-07-30:${HASH}\n{"head":"2026-07-31:${HASH}"} 2026-08-01:abc`;

  expect(findHeads(text).map(formatHead)).toEqual([`2026-07-30:${HASH}`, `2026-07-31:${HASH}`]);
});

describe('the file of a digest', () => {
  const digest: Digest = {
    version: 2,
    day: '2026-07-30',
    bucket: 'audit',
    from: '2026-07-30T00:00:00.000Z',
    to: '2026-07-31T00:00:00.000Z',
    created_at: '2026-07-31T00:30:00.000Z',
    late: false,
    previous: { key: digestKey('2026-07-29'), sha256: HASH },
    shards: [{ key: shardKey('2026-07-30', 1), sha256: HASH, size: 3, entries: 2 }],
    counts: { records: 2 },
    anomalies: 1,
  };
  const line = JSON.stringify(digest);
  const signature: Signature = { algorithm: 'ECDSA_SHA_256', key_id: 'arn', signature: 'c2ln' };
  const text = writeDigest(line, signature);

  test('is read as it was written, whether or not it ends with a line feed', () => {
    expect(readDigest(text)).toEqual({ digest, signature, line });
    expect(readDigest(text.slice(0, -1))).toEqual({ digest, signature, line });
  });

  test.each([
    ['without its signature', `${line}\n`],
    ['without its digest', text.slice(text.indexOf('\n') + 1)],
    ['whose digest is none', text.replace(line, '{}')],
    ['with a third line', `${text}{}\n`],
    ['with a line between', text.replace('\n', '\n\n')],
    ['that is empty', ''],
  ])('%s is not read', (_, changed) => {
    expect(readDigest(changed)).toBeUndefined();
  });
});

test('the parts of a day are named so that they sort', () => {
  expect(digestKey('2026-07-30')).toBe('digests/date=2026-07-30/digest.jsonl');
  expect(shardKey('2026-07-30', 12)).toBe('digests/date=2026-07-30/shard-000012.jsonl');
});

test('what is signed is the key of a digest and the hash of its line', () => {
  // By sha256sum(1).
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  expect(sha256('abc')).toBe(abc);
  expect(textToSign('digests/x', 'abc')).toBe(`digests/x\n${abc}\n`);
  expect(headOf('2026-07-30', 'abc')).toEqual({ day: '2026-07-30', sha256: abc });
});

test('a text without heads has none', () => {
  expect(findHeads('')).toEqual([]);
});
