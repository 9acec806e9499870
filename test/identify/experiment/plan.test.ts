import { describe, expect, test } from 'vitest';
import {
  lookMoment,
  planSlots,
  type TimedLook,
  useMoment,
  windowStart,
} from '../../../lib/identify/experiment/plan.ts';

const BEGIN = 1_785_400_000_300;

/** Looks a fifth of a second apart at an API whose clock is so many milliseconds ahead. */
function looks(callMs: number, aheadMs: number): TimedLook[] {
  return [0, 1, 2, 3, 4].map((look) => {
    const sent = BEGIN + look * 200;
    return { sent, answered: sent + callMs, apiSecond: Math.floor((sent + callMs / 2 + aheadMs) / 1_000) };
  });
}

describe('the plan of slots', () => {
  test.each([
    [40, { slotMs: 1_000, parts: 2, partMs: 500, windowMs: 1_000 }],
    [250, { slotMs: 1_000, parts: 2, partMs: 500, windowMs: 1_000 }],
    [251, { slotMs: 1_000, parts: 1, partMs: 1_000, windowMs: 1_000 }],
    [600, { slotMs: 2_000, parts: 1, partMs: 2_000, windowMs: 2_000 }],
    [4_000, { slotMs: 8_000, parts: 1, partMs: 8_000, windowMs: 8_000 }],
  ])('has slots by the call time of %i ms', (callMs, expected) => {
    expect(planSlots(looks(callMs, 0), BEGIN)).toMatchObject(expected);
  });

  test('has slots as long as asked for, read as soon as the calls allow', () => {
    expect(planSlots(looks(40, 0), BEGIN, 70_000)).toMatchObject({ slotMs: 70_000, parts: 1, partMs: 500 });
  });

  test.each([0, 130, 499, -777, 3_000, -180_250])('finds an API whose clock is %i ms ahead', (aheadMs) => {
    const plan = planSlots(looks(60, aheadMs), BEGIN);

    expect(Math.abs(plan.offsetMs - (aheadMs + 30))).toBeLessThanOrEqual(100);
    // Uses arrive early in a second of the API and in its second half.
    for (const [part, from, to] of [
      [0, 100, 300],
      [1, 600, 800],
    ] as const) {
      const arrives = (useMoment(plan, 3, part) + 30 + aheadMs) % 1_000;
      expect(arrives).toBeGreaterThanOrEqual(from - 1);
      expect(arrives).toBeLessThanOrEqual(to + 1);
      expect(windowStart(plan, 3, part, 0)).toBe(
        Math.floor((useMoment(plan, 3, part) + 30 + aheadMs) / 1_000) * 1_000,
      );
    }
  });

  test('keeps our own clock when there is no Date header', () => {
    const plan = planSlots([{ sent: BEGIN, answered: BEGIN + 60 }], BEGIN);

    expect(plan.offsetMs).toBe(30);
  });

  test('looks half a part after each use, and begins at once', () => {
    const plan = planSlots(looks(60, 0), BEGIN);

    expect(lookMoment(plan, 4, 1) - useMoment(plan, 4, 1)).toBe(250);
    expect(useMoment(plan, 1, 0) - useMoment(plan, 0, 1)).toBe(500);
    expect(plan.startMs).toBeGreaterThanOrEqual(BEGIN);
    expect(plan.startMs).toBeLessThan(BEGIN + 1_000);
  });
});
