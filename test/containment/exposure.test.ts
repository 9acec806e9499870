import { expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import { type ExposureFacts, exposure } from '../../lib/containment/exposure.ts';
import { iso } from '../../lib/domain/time.ts';

const at = (text: string): number => Date.parse(text);
const seenAt = at('2026-07-30T08:00:00Z');
const seen_at = '2026-07-30T08:00:00.000Z';
const second = (text: string): number => at(text) / 1_000;
const entry = (given: Partial<ApiKey>): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'a',
  created_at: 0,
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  is_active: false,
  ...given,
});

test.each<[string, ExposureFacts, object]>([
  ['holds what is known, and that may be little', { seenAt }, {}],
  [
    'has the last use before ours, as an earlier report found out',
    {
      seenAt,
      leakedAt: at('2026-07-30T06:00:00Z'),
      usedByUs: true,
      firstUse: seenAt / 1_000,
      lastUsedBefore: '2026-07-30T07:00:00.000Z',
      entry: entry({ last_used_at: seenAt / 1_000 + 5 }),
    },
    {
      leaked_at: '2026-07-30T06:00:00.000Z',
      last_used_at: '2026-07-30T07:00:00.000Z',
      used_after_leak: true,
    },
  ],
  [
    'holds when we used it first, where that is known',
    { seenAt, usedByUs: true, usedByUsAt: seen_at },
    { used_by_us_at: seen_at },
  ],
  [
    'holds the seconds from when it was seen to the proof',
    { seenAt, proof: { method: 'token', probes: 1, at: seenAt + 1_250 } },
    { proven_at: '2026-07-30T08:00:01.250Z', seconds_to_revoke: 1.3 },
  ],
  [
    'holds no negative time when the proof is older than the report',
    { seenAt, proof: { method: 'listing', probes: 1, at: seenAt - 5_000 } },
    { proven_at: '2026-07-30T07:59:55.000Z', seconds_to_revoke: 0 },
  ],
  [
    'takes nothing from an entry that says nothing',
    {
      seenAt,
      entry: entry({ revoked_at: undefined, expires_at: undefined, last_used_at: undefined }),
    },
    {},
  ],
  [
    'has the last use, and nothing on the leak when it is not known when it leaked',
    { seenAt, entry: entry({ last_used_at: second('2026-07-30T07:00:00Z') }) },
    { last_used_at: '2026-07-30T07:00:00.000Z' },
  ],
  [
    'does not say whether it was used after the leak when the last use may be ours',
    {
      seenAt,
      leakedAt: at('2026-07-30T07:00:00Z'),
      usedByUs: true,
      firstUse: seenAt / 1_000,
      entry: entry({ last_used_at: seenAt / 1_000 + 5 }),
    },
    { leaked_at: '2026-07-30T07:00:00.000Z' },
  ],
  [
    'does not doubt a use when none was ours, whatever the time of the first',
    { seenAt, usedByUs: false, firstUse: 1, entry: entry({ last_used_at: seenAt / 1_000 }) },
    { last_used_at: seen_at },
  ],
  [
    'keeps what the API reports when our time of the revocation is not known',
    { seenAt, entry: entry({ revoked_at: second('2026-07-29T00:00:00Z') }) },
    { revoked_at: '2026-07-29T00:00:00.000Z' },
  ],
  [
    'takes the time of the revocation from the API rather than from us',
    { seenAt, revokedAt: seenAt + 900, entry: entry({ revoked_at: second('2026-07-30T08:00:01Z') }) },
    { revoked_at: '2026-07-30T08:00:01.000Z' },
  ],
  [
    'takes it from us otherwise',
    { seenAt, revokedAt: seenAt + 900 },
    { revoked_at: '2026-07-30T08:00:00.900Z' },
  ],
  [
    'says that the key was used after it leaked',
    {
      seenAt,
      leakedAt: at('2026-07-30T07:00:00Z'),
      entry: entry({ last_used_at: second('2026-07-30T07:00:00Z') }),
    },
    {
      leaked_at: '2026-07-30T07:00:00.000Z',
      last_used_at: '2026-07-30T07:00:00.000Z',
      used_after_leak: true,
    },
  ],
  [
    'says that it was not',
    {
      seenAt,
      leakedAt: at('2026-07-30T07:00:00Z'),
      entry: entry({ last_used_at: second('2026-07-30T06:59:59Z') }),
    },
    {
      leaked_at: '2026-07-30T07:00:00.000Z',
      last_used_at: '2026-07-30T06:59:59.000Z',
      used_after_leak: false,
    },
  ],
  [
    'leaves out a use that may be ours',
    { seenAt, usedByUs: true, firstUse: seenAt / 1_000, entry: entry({ last_used_at: seenAt / 1_000 - 1 }) },
    {},
  ],
  [
    'leaves out a use when it is not known when we used the token',
    { seenAt, usedByUs: true, entry: entry({ last_used_at: 1 }) },
    {},
  ],
  [
    'keeps a use that came before ours',
    { seenAt, usedByUs: true, firstUse: seenAt / 1_000, entry: entry({ last_used_at: seenAt / 1_000 - 2 }) },
    { last_used_at: '2026-07-30T07:59:58.000Z' },
  ],
  [
    'says when the key would have expired',
    { seenAt, entry: entry({ expires_at: second('2026-08-01T00:00:00Z') }) },
    { expires_at: '2026-08-01T00:00:00.000Z' },
  ],
])('the exposure %s', (_, facts, expected) => {
  expect(exposure(facts)).toEqual({ seen_at, ...expected });
});

test.each([
  [Number.MAX_SAFE_INTEGER, '+275760-09-13T00:00:00.000Z'],
  [-Number.MAX_SAFE_INTEGER, '-271821-04-20T00:00:00.000Z'],
  [0, '1970-01-01T00:00:00.000Z'],
])('a time is written even where no date can hold it: %d', (epochMs, expected) => {
  expect(iso(epochMs)).toBe(expected);
});
