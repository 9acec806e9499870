import { expect, test } from 'vitest';
import { dayOf, daysToDigest, lastCompleteDay, nextDay, startOf } from '../../../lib/audit/digest/days.ts';

test('a day begins at midnight in UTC, and is that of every time until the next', () => {
  const midnight = Date.UTC(2026, 6, 30);

  expect(startOf('2026-07-30')).toBe(midnight);
  expect(dayOf(midnight)).toBe('2026-07-30');
  expect(dayOf(midnight - 1)).toBe('2026-07-29');
  expect(nextDay('2026-07-31')).toBe('2026-08-01');
  expect(nextDay('2028-02-28')).toBe('2028-02-29');
});

test.each([
  ['2026-07-31T00:14:59.999Z', '2026-07-29'],
  ['2026-07-31T00:15:00.000Z', '2026-07-30'],
])('at %s the last day that is complete is %s', (now, day) => {
  expect(lastCompleteDay(Date.parse(now))).toBe(day);
});

const NOW = Date.parse('2026-08-02T12:00:00Z');
test.each<[string, string | undefined, string | undefined, string[]]>([
  ['after the last digest', '2026-07-30', '2026-01-01', ['2026-07-31', '2026-08-01']],
  ['from the first day', undefined, '2026-07-31', ['2026-07-31', '2026-08-01']],
  ['on that of yesterday', undefined, '2026-08-01', ['2026-08-01']],
  ['in a bucket of today', undefined, '2026-08-02', []],
  ['in an empty bucket', undefined, undefined, []],
  ['when all are signed', '2026-08-01', undefined, []],
])('the days that need a digest %s are these', (_, last, first, days) => {
  expect(daysToDigest(last, first, NOW)).toEqual(days);
});
