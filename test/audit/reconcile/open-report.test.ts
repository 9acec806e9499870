import { describe, expect, test } from 'vitest';
import {
  LOST_AFTER_MS,
  MAX_QUEUED,
  nextStep,
  type OpenReport,
  standing,
} from '../../../lib/audit/reconcile/open-report.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-07-30T12:00:00Z');
const FOLDER = 'records/date=2026-07-30/console/1/';
const object = (name: string, minutesAgo: number) => ({
  key: `${FOLDER}${name}.json`,
  size: 1,
  storedAt: NOW - minutesAgo * MINUTE,
});

describe('a report', () => {
  test.each([
    ['without an outcome after 15 minutes is lost', [object('10-intent', 16)], 'lost'],
    ['without one after just 15 minutes is being worked on', [object('10-intent', 15)], 'working'],
    ['that is younger is being worked on', [object('10-intent', 14)], 'working'],
    ['with an outcome is settled', [object('10-intent', 60), object('90-outcome', 60)], 'settled'],
    ['that was acknowledged is settled', [object('10-intent', 60), object('95-acknowledged', 1)], 'settled'],
    [
      'whose last attempt is young is being worked on',
      [object('10-intent', 60), object('50-attempt-1', 5)],
      'working',
    ],
    ['whose last attempt is old is lost', [object('10-intent', 60), object('50-attempt-1', 20)], 'lost'],
    ['whose intent was not stored in the end is settled', [], 'settled'],
  ])('%s', (_, objects, expected) => {
    expect(standing(objects, NOW)).toBe(expected);
  });
});

describe('a lost report', () => {
  const fresh: OpenReport = { intent: `${FOLDER}10-intent.json`, queued: 0, next: 0 };

  /** Looks every five minutes for a number of days, as the function does. */
  function watch(days: number, canQueue: boolean) {
    let report = fresh;
    const alarms: number[] = [];
    const queued: number[] = [];
    for (let now = NOW; now < NOW + days * 86_400_000; now += 5 * MINUTE) {
      if (report.next > now) continue;
      const step = nextStep(report, 'lost', canQueue, now);
      if (step.step === 'close') throw new Error('it is not settled');
      if (step.step !== 'wait' && step.isNew) alarms.push(now);
      if (step.step === 'queue') queued.push(now);
      report = step.report;
    }
    return { alarms, queued };
  }

  test('raises one alarm and is queued five times with growing pauses', () => {
    const { alarms, queued } = watch(28, true);
    const pauses = queued.slice(1).map((at, index) => at - (queued[index] ?? 0));

    expect(alarms).toEqual([NOW]);
    expect(queued).toHaveLength(MAX_QUEUED);
    expect(pauses).toEqual([2, 4, 8, 16].map((times) => times * LOST_AFTER_MS));
  });

  test('raises one alarm when its report cannot be made again', () => {
    expect(watch(28, false)).toEqual({ alarms: [NOW], queued: [] });
  });

  test('is closed once it is settled', () => {
    expect(nextStep(fresh, 'settled', true, NOW)).toEqual({ step: 'close' });
  });
});
