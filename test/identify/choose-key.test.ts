import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import {
  type Choice,
  chooseKey,
  endedRecently,
  keysRevokedSince,
  type Sighting,
} from '../../lib/identify/choose-key.ts';

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

/** The token was used at this second, by clocks that agree. */
const seen = (given: Partial<Sighting> = {}): Sighting => ({
  use: { sent: NOW, answered: NOW + 50, apiSecond: SECOND },
  seenAt: NOW,
  ...given,
});

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
    ['is none when the only one was made later', [key('a', { created_at: SECOND + 3 })], { choice: 'none' }],
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
      'leaves out a key that was made after our use of the token',
      [key('a'), key('b', { created_at: SECOND + 3 })],
      { choice: 'key', entry: key('a') },
    ],
    [
      'keeps a key that may have been made before, as exactly as the header says',
      [key('a'), key('b', { created_at: SECOND + 1 })],
      { choice: 'ambiguous', candidates: [key('a'), key('b', { created_at: SECOND + 1 })] },
    ],
  ])('%s', (_, keys, expected) => {
    expect(chooseKey(keys, seen())).toEqual(expected);
  });
});

describe('the only active key', () => {
  const old = dead('old', { revoked_at: 1_000 });

  test.each<[string, number, Partial<Sighting>, readonly ApiKey[], Choice['choice']]>([
    ['is the one when it is older than the report', -60, {}, [old], 'key'],
    ['is the one when it was made in the second of the report', 0, {}, [old], 'key'],
    ['is not known when it was made after the report', 1, { seenAt: NOW - 3_000 }, [old], 'ambiguous'],
    ['is not known, though no other ever was', 1, { seenAt: NOW - 3_000 }, [], 'ambiguous'],
    ['is not known when it was made after the alert', -60, { leakedAt: NOW - 120_000 }, [old], 'ambiguous'],
    ['is the one after the alert when no other ever was', -60, { leakedAt: NOW - 120_000 }, [], 'key'],
    ['is the one when the leak is dated after the report', -60, { leakedAt: NOW + 120_000 }, [old], 'key'],
  ])('%s', (_, made, sighting, others, expected) => {
    const entry = key('a', { created_at: SECOND + made });

    expect(chooseKey([entry, ...others], seen(sighting)).choice).toBe(expected);
  });

  test('is not known while another ended so lately that its token may still work', () => {
    const ended = dead('b', { revoked_at: SECOND - 10 });

    expect(chooseKey([key('a'), ended], seen(), [ended])).toEqual({
      choice: 'ambiguous',
      candidates: [key('a'), ended],
    });
  });

  test.each([
    [299, 'ambiguous'],
    [300, 'key'],
  ] as const)('must be 300 s older where no header tells the clock: %i s', (age, expected) => {
    const use = { sent: NOW, answered: NOW + 50 };

    expect(chooseKey([key('a', { created_at: SECOND - age })], seen({ use })).choice).toBe(expected);
  });

  test.each([-240, 240])('is dated by the clock of the API, which is %i s ahead of ours', (ahead) => {
    const use = { sent: NOW, answered: NOW + 50, apiSecond: SECOND + ahead };

    expect(chooseKey([key('a', { created_at: SECOND + ahead - 1 })], seen({ use })).choice).toBe('key');
    expect(
      chooseKey([key('a', { created_at: SECOND + ahead })], seen({ use, seenAt: NOW - 5_000 })).choice,
    ).toBe('ambiguous');
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
