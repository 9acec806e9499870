import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin.ts';
import { chooseKey, endedRecently, keysRevokedSince } from '../../lib/identify/choose-key.ts';

const NOW = Date.parse('2026-07-30T08:26:40Z');
const SECOND = NOW / 1_000;

const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: api_key_id,
  created_at: 0,
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  is_active: true,
  ...given,
});
const dead = (id: string, given: Partial<ApiKey> = {}) => key(id, { is_active: false, ...given });

describe('the choice', () => {
  test.each([
    ['is none without keys', [], { choice: 'none' }],
    ['is none without an active key', [dead('a')], { choice: 'none' }],
    ['is the only key', [key('a')], { choice: 'key', entry: key('a') }],
    ['is the only active key', [dead('a'), key('b'), dead('c')], { choice: 'key', entry: key('b') }],
    [
      'is the only key, never used, that does not expire',
      [key('a', { last_used_at: undefined, expires_at: undefined, revoked_at: undefined })],
      {
        choice: 'key',
        entry: key('a', { last_used_at: undefined, expires_at: undefined, revoked_at: undefined }),
      },
    ],
    [
      'is none when the only one was made later',
      [key('a', { created_at: SECOND + 301 })],
      { choice: 'none' },
    ],
    [
      'goes by what the API calls active, not by times',
      [key('a', { expires_at: 1 }), key('b')],
      { choice: 'ambiguous', candidates: [key('a', { expires_at: 1 }), key('b')] },
    ],
    [
      'is ambiguous between two',
      [key('a'), key('b')],
      { choice: 'ambiguous', candidates: [key('a'), key('b')] },
    ],
    [
      'leaves out a key that was made after the token was seen, clocks apart by five minutes at most',
      [key('a'), key('b', { created_at: SECOND + 301 })],
      { choice: 'key', entry: key('a') },
    ],
    [
      'keeps a key that may have been made before',
      [key('a'), key('b', { created_at: SECOND + 300 })],
      { choice: 'ambiguous', candidates: [key('a'), key('b', { created_at: SECOND + 300 })] },
    ],
  ])('%s', (_, keys, expected) => {
    expect(chooseKey(keys, NOW)).toEqual(expected);
  });
});

describe('a key that ended lately', () => {
  test.each([
    ['was revoked just now', dead('a', { revoked_at: SECOND }), true],
    ['expired just now', dead('a', { expires_at: SECOND }), true],
    ['was revoked at the edge', dead('a', { revoked_at: SECOND - 320 }), true],
    ['was not revoked a second before the edge', dead('a', { revoked_at: SECOND - 321 }), false],
    [
      'was not revoked long before it would have expired',
      dead('a', { revoked_at: 1, expires_at: SECOND }),
      false,
    ],
    ['is not one whose end is not known', dead('a', { revoked_at: undefined, expires_at: undefined }), true],
    ['expired at the edge', dead('a', { expires_at: SECOND - 320 }), true],
    ['did not expire a second before the edge', dead('a', { expires_at: SECOND - 321 }), false],
    ['was revoked a second after the edge', dead('a', { revoked_at: SECOND - 319 }), true],
    ['was revoked by a clock that is ahead', dead('a', { revoked_at: SECOND + 60 }), true],
    [
      'was not revoked after it had expired long before',
      dead('a', { revoked_at: SECOND, expires_at: 1 }),
      false,
    ],
    ['is not an active one', key('a', { expires_at: SECOND }), false],
  ])('%s', (_, entry, expected) => {
    expect(endedRecently([entry], NOW, 20_000)).toEqual(expected ? [entry] : []);
  });
});

test('keys that ended recently are returned in the order of the listing, without the others', () => {
  const [first, second] = [dead('c', { revoked_at: SECOND }), dead('a', { expires_at: SECOND })];

  expect(endedRecently([key('d'), first, dead('b', { revoked_at: 1 }), second], NOW, 20_000)).toEqual([
    first,
    second,
  ]);
});

describe('the keys that were revoked since an intent', () => {
  test.each([
    ['is none when nothing was revoked', [key('a'), dead('b')], []],
    ['is none without keys', [], []],
    [
      'is none when the listing does not say when',
      [dead('a', { revoked_at: null }), dead('b', { revoked_at: undefined })],
      [],
    ],
    ['is not one that expired', [dead('b', { expires_at: SECOND })], []],
    ['may be a second after the edge', [dead('b', { revoked_at: SECOND - 299 })], ['b']],
    [
      'is the one that was revoked since, among those revoked before',
      [dead('a', { revoked_at: SECOND - 9_000 }), dead('b', { revoked_at: SECOND + 1 })],
      ['b'],
    ],
    ['is the only one', [key('a'), dead('b', { revoked_at: SECOND })], ['b']],
    [
      'may be five minutes before it by a clock that is behind',
      [dead('b', { revoked_at: SECOND - 300 })],
      ['b'],
    ],
    ['is not one that was revoked before', [dead('b', { revoked_at: SECOND - 301 })], []],
    [
      'are all that it may have been',
      [dead('a', { revoked_at: SECOND }), dead('b', { revoked_at: SECOND })],
      ['a', 'b'],
    ],
  ])('%s', (_, keys, expected) => {
    expect(keysRevokedSince(NOW, keys).map(({ api_key_id }) => api_key_id)).toEqual(expected);
  });
});
