import { describe, expect, test } from 'vitest';
import { clockOffset, isOurRevocation, listedRevocation } from '../../lib/containment/claim-revocation.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';

const SENT = Date.parse('2026-07-30T08:26:40Z');
const deletion = (answer: Deletion['answer'], more: Partial<Deletion> = {}): Deletion => ({
  service_user_id: 'service-user-a',
  api_key_id: 'key-a',
  sent_at: SENT,
  answer,
  ...more,
});
/** Seconds after the DELETE was sent. */
const revoked = (seconds: number, clockOffsetMs = 0) => ({
  revokedAt: SENT / 1_000 + seconds,
  clockOffsetMs,
});
const lost = { lost_answer: true } as const;

test.each<[string, readonly Deletion[], ReturnType<typeof revoked> | undefined, boolean]>([
  ['none was sent', [], revoked(1), false],
  ['one was answered 200', [deletion('revoked')], undefined, true],
  ['one was refused', [deletion('refused')], revoked(1), false],
  ['one met a key that was revoked already', [deletion('already_revoked')], revoked(1), false],
  [
    'the answer to one was lost, and no listing dates the revocation',
    [deletion('unanswered')],
    undefined,
    false,
  ],
  ['the answer to one was lost, and the key was revoked then', [deletion('unanswered')], revoked(1), true],
  [
    'the answer to one was lost, and the key was revoked before',
    [deletion('unanswered')],
    revoked(-240),
    false,
  ],
  [
    'the answer to one was lost, and the key was revoked long after',
    [deletion('unanswered')],
    revoked(121),
    false,
  ],
  [
    'the answer to one was lost, and the key was revoked three seconds before by whole seconds',
    [deletion('unanswered')],
    revoked(-3),
    true,
  ],
  [
    'the answer to one was lost, and the key was revoked four seconds before',
    [deletion('unanswered')],
    revoked(-4),
    false,
  ],
  [
    'the answer to one was lost, and the key was revoked two minutes after',
    [deletion('unanswered')],
    revoked(120),
    true,
  ],
  ['an attempt of one got no answer, then 409', [deletion('already_revoked', lost)], revoked(0), true],
  [
    'an attempt of one got no answer, for a key revoked before',
    [deletion('already_revoked', lost)],
    revoked(-240),
    false,
  ],
  ['an attempt of one got no answer, then 403', [deletion('refused', lost)], revoked(2), true],
  ["Devin's clock is three minutes ahead", [deletion('unanswered')], revoked(181, 180_000), true],
  [
    "Devin's clock is ahead, and the key was revoked before",
    [deletion('unanswered')],
    revoked(1, 180_000),
    false,
  ],
  ["Devin's clock is behind", [deletion('unanswered')], revoked(-179, -180_000), true],
])('a key that is dead: %s', (_, deletions, listed, expected) => {
  expect(isOurRevocation(deletions, listed)).toBe(expected);
});

test('a listing dates a revocation where it shows one', () => {
  expect(listedRevocation({ revoked_at: 5 }, 7)).toEqual({ revokedAt: 5, clockOffsetMs: 7 });
  expect(listedRevocation({ revoked_at: 0 }, 7)).toEqual({ revokedAt: 0, clockOffsetMs: 7 });
  for (const entry of [undefined, {}, { revoked_at: null }])
    expect(listedRevocation(entry, 7)).toBeUndefined();
});

describe('the clock of the API', () => {
  test.each([
    [undefined, 5_000_900, 0],
    [5_000, 5_000_900, 0],
    [5_000, 5_001_800, 0],
    [5_000, 5_000_000, 0],
    [5_000, 5_002_000, -2_000],
    [5_180, 5_000_500, 179_500],
    [4_820, 5_000_500, -180_500],
  ])('by a header of %s at %s is ahead by %s ms', (apiSecond, now, expected) => {
    expect(clockOffset(apiSecond, now)).toBe(expected);
  });
});
