import { describe, expect, test } from 'vitest';
import { countdown, END_OF_TIME, iso } from '../../lib/domain/time.ts';

describe('a time', () => {
  test('is written in UTC, whatever it is', () => {
    expect(iso(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(iso(1e300)).toBe('+275760-09-13T00:00:00.000Z');
    expect(iso(-1e300)).toBe('-271821-04-20T00:00:00.000Z');
  });
  test('counted backwards sorts the later one first, in fourteen digits', () => {
    expect(countdown(0)).toBe(String(END_OF_TIME));
    expect(countdown(END_OF_TIME - 7)).toBe('00000000000007');
    expect(countdown(2_000) < countdown(1_000)).toBe(true);
  });
});
