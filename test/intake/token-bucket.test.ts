import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tokenBucket } from '../../lib/intake/token-bucket.ts';

const START = Date.UTC(2026, 10, 23);
beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const take = (bucket: ReturnType<typeof tokenBucket>, times: number) =>
  Array.from({ length: times }, () => bucket.take()).filter((isTaken) => isTaken).length;

test('a bucket grants its burst, and then one for each interval', () => {
  const bucket = tokenBucket({ burst: 3, intervalMs: 1_000 });
  expect(take(bucket, 10)).toBe(3);
  vi.setSystemTime(START + 999);
  expect(take(bucket, 10)).toBe(0);
  vi.setSystemTime(START + 1_000);
  expect(take(bucket, 10)).toBe(1);
  vi.setSystemTime(START + 3_500);
  expect(take(bucket, 10)).toBe(2);
});

test('a bucket holds no more than its burst, however long nobody takes', () => {
  const bucket = tokenBucket({ burst: 3, intervalMs: 1_000 });
  vi.setSystemTime(START + 3_600_000);
  expect(take(bucket, 10)).toBe(3);
});

test('a clock that jumps back takes nothing away', () => {
  const bucket = tokenBucket({ burst: 2, intervalMs: 1_000 });
  vi.setSystemTime(START - 3_600_000);
  expect(take(bucket, 10)).toBe(2);
  vi.setSystemTime(START - 3_599_000);
  expect(take(bucket, 10)).toBe(1);
});
