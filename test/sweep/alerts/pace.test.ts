import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pace } from '../../../lib/sweep/alerts/pace.ts';

const NOW = Date.UTC(2026, 10, 24);

test('spreads messages over fifteen minutes, and leaves the rest to a later run', () => {
  const slots = pace(2, { now: NOW, until: 0 });
  const delays = Array.from({ length: 32 }, () => slots.next());

  expect(delays.slice(0, 4)).toEqual([0, 30, 60, 90]);
  expect(delays.slice(-3)).toEqual([870, undefined, undefined]);
  expect(slots.isOpen()).toBe(false);
});

test('continues where the run before it ended', () => {
  const first = pace(60, { now: NOW, until: 0 });
  for (let count = 0; count < 120; count++) first.next();

  expect(pace(60, { now: NOW + 60_000, until: first.until() }).next()).toBe(60);
  expect(pace(60, { now: NOW + 600_000, until: first.until() }).next()).toBe(0);
});

test('lets no more than its rate through in any minute, over however many runs', () => {
  const runs = fc.array(fc.record({ after: fc.nat(1_200), wants: fc.nat(300) }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), runs, (perMinute, planned) => {
      const times: number[] = [];
      let [now, until] = [NOW, 0];
      for (const { after, wants } of planned) {
        now += after * 1_000;
        const slots = pace(perMinute, { now, until });
        for (let count = 0; count < wants; count++) {
          const delay = slots.next();
          if (delay !== undefined) times.push(now + delay * 1_000);
        }
        until = slots.until();
      }
      times.sort((a, b) => a - b);
      // A delay is in whole seconds, so the first and the last of a minute may be a second off.
      for (const [index, at] of times.entries()) {
        const next = times[index + perMinute + Math.ceil(perMinute / 30) + 1];
        if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(60_000);
      }
    }),
  );
});
