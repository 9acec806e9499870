import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Root, type RootRules, rootFindings } from '../../../cli/audit/verify/root-findings.ts';
import {
  type Digest,
  digestKey,
  readDigest,
  sha256,
  textToSign,
  writeDigest,
} from '../../../lib/audit/digest/format.ts';
import { draft } from '../../../lib/audit/digest/write-digests.ts';

// Each check of a root by itself: a forged log breaks several at once.

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ours = pair();
const foreign = pair();
const NOTHING = { refs: [], counts: {}, anomalies: 0 } as const;
const HOUR = 3_600_000;
const after = (day: string, hours: number): number => Date.parse(`${day}T00:00:00Z`) + (24 + hours) * HOUR;

interface Signing {
  readonly privateKey?: KeyObject;
  readonly keyId?: string;
  readonly key?: string;
  /** What is signed instead of the digest's own key. */
  readonly signedKey?: string;
}

function signed(
  digest: Digest,
  { key, keyId = 'arn', privateKey = ours.privateKey, signedKey }: Signing = {},
): Root {
  const path = key ?? digestKey(digest.day);
  const line = JSON.stringify(digest);
  const signature = sign('sha256', Buffer.from(textToSign(signedKey ?? path, line)), privateKey).toString(
    'base64',
  );
  const text = writeDigest(line, { algorithm: 'ECDSA_SHA_256', key_id: keyId, signature });
  return { key: path, bytes: Buffer.from(text), file: readDigest(text) ?? expect.fail('no digest') };
}

function digestOf(day: string, before: Root | undefined, hours = 0.5): Digest {
  const previous = before && { day: before.file.digest.day, sha256: sha256(before.bytes) };
  return draft(day, NOTHING, previous, 'audit', after(day, hours));
}

const rules: RootRules = { keys: [ours.publicKey], collected: new Set() };
const first = signed(digestOf('2026-07-30', undefined));
const second = digestOf('2026-07-31', first);
/** Half an hour after the end of the next day. */
const slow = signed(digestOf('2026-07-30', undefined, 24.5));
const BREAKS: readonly [string, Root, Root | undefined, RegExp][] = [
  [
    'that follows another version of the digest before it',
    signed({ ...second, previous: { key: first.key, sha256: 'f'.repeat(64) } }),
    first,
    /does not follow digests\/date=2026-07-30/,
  ],
  [
    'that names another digest as the one before it',
    signed({ ...second, previous: { key: digestKey('2026-07-29'), sha256: sha256(first.bytes) } }),
    first,
    /is missing: .* comes after/,
  ],
  [
    'after a day without a digest',
    signed(digestOf('2026-08-01', first)),
    first,
    /is missing: .* comes after/,
  ],
  [
    'that claims to be the first, and is not',
    signed({ ...second, previous: null }),
    first,
    /claims to be the first digest/,
  ],
  ['whose digest before it is missing', signed(second), undefined, /is missing: .* names it/],
  [
    'signed before the one that it follows',
    signed(digestOf('2026-07-31', slow, 0.2)),
    slow,
    /before the one that it follows/,
  ],
  ['signed with a foreign key', signed(second, { privateKey: foreign.privateKey }), first, /is not signed/],
  ['signed for another place', signed(second, { signedKey: first.key }), first, /is not signed/],
  ['of another key id', signed(second, { keyId: 'another' }), first, /names the key another/],
  [
    'under the key of another day',
    signed(second, { key: digestKey('2026-08-02') }),
    first,
    /is the digest of 2026-07-31, under the wrong key/,
  ],
  [
    'signed before its day was over',
    signed({ ...second, created_at: '2026-07-31T23:59:59.000Z' }),
    first,
    /before its day was over/,
  ],
  [
    'that covers more than its day',
    signed({ ...second, from: '2026-07-30T00:00:00.000Z' }),
    first,
    /does not cover its day/,
  ],
  ['signed late', signed(digestOf('2026-07-31', first, 25)), first, /was signed late/],
  [
    'signed late, that does not say so',
    signed({ ...digestOf('2026-07-31', first, 25), late: false }),
    first,
    /says late: false/,
  ],
];

describe('a root', () => {
  test('that follows the one before it has no finding', () => {
    expect(rootFindings(first, undefined, rules)).toEqual([]);
    expect(rootFindings(signed(second), first, rules)).toEqual([]);
    expect(rootFindings(signed(digestOf('2026-07-31', first, 24)), first, rules)).toEqual([]);
  });

  test.each(BREAKS)('%s is a break', (_, root, before, what) => {
    const found = rootFindings(root, before, rules);

    expect(found).toContainEqual({
      level: 'break',
      key: expect.any(String),
      what: expect.stringMatching(what),
    });
  });

  test('with other bytes than were written is a break', () => {
    const root = signed(second);
    const bytes = Buffer.concat([root.bytes, Buffer.from('\n')]);

    expect(rootFindings({ ...root, bytes }, first, rules)).toMatchObject([
      { level: 'break', what: 'is not formatted as it was written' },
    ]);
  });
});

describe('a root that was signed late', () => {
  const late = signed(digestOf('2026-07-31', first, 25));
  const missed = (from: string, to: string): RootRules => ({ ...rules, missedRuns: { from, to } });

  test.each<[string, RootRules, 'note' | 'break']>([
    ['is a note when its head was collected', { ...rules, collected: new Set(['2026-07-31']) }, 'note'],
    [
      'is a break when the head of another day was',
      { ...rules, collected: new Set(['2026-07-30']) },
      'break',
    ],
    ['is a note when its run is known to be missing', missed('2026-07-31', '2026-07-31'), 'note'],
    ['is a break when an earlier run is', missed('2026-07-29', '2026-07-30'), 'break'],
    ['is a break when a later run is', missed('2026-08-01', '2026-08-02'), 'break'],
  ])('%s', (_, given, level) => {
    expect(rootFindings(late, first, given)).toMatchObject([{ level }]);
  });

  test('after another that is late for no known reason is a break', () => {
    const earlier = signed(digestOf('2026-07-30', undefined, 26));
    const root = signed(digestOf('2026-07-31', earlier, 25));

    expect(rootFindings(root, earlier, missed('2026-07-31', '2026-07-31'))).toMatchObject([
      { level: 'break' },
    ]);
    expect(rootFindings(root, earlier, missed('2026-07-30', '2026-07-31'))).toMatchObject([
      { level: 'note' },
    ]);
  });
});
