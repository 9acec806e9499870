import { describe, expect, test } from 'vitest';
import {
  lengthen,
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
    [200, { slotMs: 1_000, parts: 2, partMs: 500, windowMs: 1_000 }],
    [201, { slotMs: 1_000, parts: 1, partMs: 1_000, windowMs: 1_000 }],
    [600, { slotMs: 2_000, parts: 1, partMs: 2_000, windowMs: 2_000 }],
    [4_000, { slotMs: 10_000, parts: 1, partMs: 10_000, windowMs: 10_000 }],
  ])('has slots by the call time of %i ms', (callMs, expected) => {
    expect(planSlots(looks(callMs, 0), BEGIN)).toMatchObject(expected);
  });

  test('leaves out one call that had to open its connection', () => {
    const [first, ...others] = looks(60, 0);
    const slow = { ...first!, answered: first!.sent + 900 };

    expect(planSlots([slow, ...others], BEGIN)).toMatchObject({ slotMs: 1_000, parts: 2 });
    expect(planSlots([slow, slow, ...others.slice(1)], BEGIN)).toMatchObject({ slotMs: 3_000, parts: 1 });
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

  test('begins at once, with uses at the same place in each second', () => {
    const plan = planSlots(looks(60, 0), BEGIN);

    expect(plan.startMs).toBeGreaterThanOrEqual(BEGIN);
    expect(plan.startMs).toBeLessThan(BEGIN + 1_000);
    expect(useMoment(plan, 1, 0) - useMoment(plan, 0, 1)).toBe(500);
    expect(useMoment(plan, 7, 0) - useMoment(plan, 0, 0)).toBe(7_000);
  });

  test('looks after the use is over and before the next, at places that fill the time between evenly', () => {
    const plan = planSlots(looks(60, 0), BEGIN);
    const places = Array.from({ length: 100 }, (_, look) => {
      const [slot, part] = [look >> 1, look & 1];
      return lookMoment(plan, slot, part) - useMoment(plan, slot, part);
    });

    expect(Math.min(...places)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...places)).toBeLessThanOrEqual(450);
    for (let from = 200; from < 450; from += 50)
      expect(places.filter((place) => place >= from && place < from + 50).length).toBeGreaterThan(15);
  });

  test('has slots twice as long after calls were refused, at the same place in a second', () => {
    const plan = planSlots(looks(60, 0), BEGIN);
    const longer = lengthen(plan, BEGIN + 7_300);

    expect(longer).toEqual({ ...plan, slotMs: 2_000, startMs: expect.any(Number) });
    expect((longer.startMs - plan.startMs) % 1_000).toBe(0);
    expect(longer.startMs).toBeGreaterThanOrEqual(BEGIN + 7_300);
    expect(longer.startMs).toBeLessThan(BEGIN + 8_300);
  });
});
