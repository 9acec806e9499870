import { describe, expect, test } from 'vitest';
import { auditWindows, hours, sinceSecond } from '../../lib/aftermath/window.ts';

const leakedAt = 1_800_000_000_500;
const now = leakedAt + hours(1);

test.each([
  ['less the margin', { marginMs: hours(24) }, 1_800_000_000 - 86_400],
  ['without a margin', { marginMs: 0 }, 1_800_000_000],
  ['not before there was the key', { marginMs: hours(24), keyCreatedAt: 1_799_999_000 }, 1_799_999_000],
  ['not after now', { marginMs: 0, now: leakedAt - hours(2) }, 1_800_000_000 - 7_200],
  ['not before 1970', { marginMs: hours(8_760), leakedAt: 0 }, 0],
])('the look begins at the leak, %s', (_, changes, expected) => {
  expect(sinceSecond({ leakedAt, now, ...changes })).toBe(expected);
});

describe('the windows of the audit log', () => {
  test.each([
    [1, 1],
    [99, 1],
    [100, 2],
    [1_000, 11],
  ])('of %i days are %i', (days, count) => {
    const from = 1_700_000_000;
    const windows = auditWindows(from, from + days * 86_400);
    expect(windows).toHaveLength(count);
    expect(windows[0]?.after).toBe(from);
    expect(windows.at(-1)?.before).toBe(from + days * 86_400);
    for (const [index, { after, before }] of windows.entries()) {
      expect(before - after).toBeLessThanOrEqual(99 * 86_400);
      if (index > 0) expect(after).toBe(windows[index - 1]?.before);
    }
  });

  test('of no time are none', () => {
    expect(auditWindows(5, 5)).toEqual([]);
  });
});
