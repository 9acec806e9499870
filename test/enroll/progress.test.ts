import { describe, expect, test } from 'vitest';
import { afterRun, ENROLMENT_ERROR, nextRun, Progress, type Run } from '../../lib/enroll/progress.ts';
import type { ExperimentLog } from '../../lib/identify/experiment/experiment.ts';

const NOW = Date.parse('2026-07-30T02:00:00Z');
const MINUTE = 60_000;
const runner = { holder: 'request-1', now: NOW, deadline: NOW + 14 * MINUTE };
const plan = {
  startMs: 0.5,
  slotMs: 75_000,
  parts: 1,
  partMs: 500,
  windowMs: 1_000,
  offsetMs: -2.5,
} as const;
const log: ExperimentLog = {
  candidates: ['a', 'b'],
  alpha: ENROLMENT_ERROR / 4,
  segments: [
    { plan, before: [null, 1], isAfterFailure: false, slots: [{ coin: 1, part: 0, seen: [[2, 1]] }] },
    { plan, before: [2, 1], isAfterFailure: true, slots: [{ coin: null, part: 0, seen: [null] }] },
  ],
};
const of = (tokens: Progress['tokens'], lease?: Progress['lease']): Progress => ({
  version: 1,
  tokens,
  ...(lease && { lease }),
});

describe('the next run', () => {
  test('is quick for a token without any, and has half of the permitted error', () => {
    expect(nextRun(of({}), 't', runner)).toEqual({
      next: 'run',
      run: { attempt: 1, pace: 'quick', alpha: ENROLMENT_ERROR / 2 },
      progress: of({ t: { attempt: 1 } }, { holder: 'request-1', until: NOW + 15 * MINUTE }),
    });
  });

  test('is patient after that, and its error is half of that before', () => {
    const next = nextRun(of({ t: { attempt: 4 } }), 't', runner);
    expect(next).toMatchObject({ run: { attempt: 5, pace: 'patient', alpha: ENROLMENT_ERROR / 32 } });
  });

  test('goes on with a log, which is not stored while it runs', () => {
    const next = nextRun(of({ t: { attempt: 2, log }, u: { attempt: 1 } }), 't', runner);
    expect(next).toMatchObject({ run: { attempt: 2, pace: 'patient', resume: log } });
    expect(next).toHaveProperty('progress.tokens', { t: { attempt: 2 }, u: { attempt: 1 } });
  });

  test('takes a lease that is over', () => {
    const next = nextRun(of({}, { holder: 'request-0', until: NOW }), 't', runner);
    expect(next).toMatchObject({ next: 'run', progress: { lease: { holder: 'request-1' } } });
  });

  test.each<[string, Progress, Partial<typeof runner>]>([
    ['at the moment from which it may', of({ t: { attempt: 1, not_before: NOW } }), {}],
    ['with just the time for a quick one', of({}), { deadline: NOW + 45_000 }],
    ['with just the time for a patient one', of({ t: { attempt: 1 } }), { deadline: NOW + 3 * 75_000 }],
  ])('begins %s', (_, progress, change) => {
    expect(nextRun(progress, 't', { ...runner, ...change })).toHaveProperty('next', 'run');
  });

  test.each<[string, Progress, Partial<typeof runner>, string]>([
    [
      'while another one runs',
      of({}, { holder: 'request-0', until: NOW + 1 }),
      {},
      'another experiment about this service user is running',
    ],
    [
      'before it may',
      of({ t: { attempt: 3, not_before: NOW + 1 } }),
      {},
      'the next experiment is not before 2026-07-30T02:00:00.001Z',
    ],
    ['without time', of({}), { deadline: NOW + 44_999 }, 'no time left, a later run continues'],
    [
      'without time for a patient one',
      of({ t: { attempt: 1 } }),
      { deadline: NOW + 3 * 75_000 - 1 },
      'no time left, a later run continues',
    ],
  ])('is not yet %s', (_, progress, change, reason) => {
    expect(nextRun(progress, 't', { ...runner, ...change })).toEqual({ next: 'later', reason });
  });

  test('never spends more than the permitted error on a token, however often it begins', () => {
    let progress = of({});
    let spent = 0;
    for (let index = 0; index < 100; index++) {
      const next = nextRun(progress, 't', {
        ...runner,
        now: NOW + index * 15 * MINUTE,
        deadline: NOW + (index + 1) * 15 * MINUTE - MINUTE,
      });
      if (next.next !== 'run') expect.fail(next.reason);
      spent += next.run.alpha;
      progress = next.progress;
    }
    expect(spent).toBeLessThanOrEqual(ENROLMENT_ERROR);
  });
});

describe('the progress after a run', () => {
  const patient: Run = { attempt: 2, pace: 'patient', alpha: ENROLMENT_ERROR / 4 };
  const quick: Run = { attempt: 1, pace: 'quick', alpha: ENROLMENT_ERROR / 2 };
  const taken = of({ t: { attempt: 2 }, u: { attempt: 7 } }, { holder: 'request-1', until: NOW });
  const result = { ended: 'deadline', may_go_on: true, slots: 11, log } as const;
  const DAY = 1_440 * MINUTE;

  test.each<[string, Run, Parameters<typeof afterRun>[3], Progress['tokens'][string]]>([
    ['keeps the log of a patient one that may go on', patient, result, { attempt: 2, log }],
    ['keeps it as well when it was stopped', patient, { ...result, ended: 'stopped' }, { attempt: 2, log }],
    ['keeps no log of a quick one', quick, result, { attempt: 1 }],
    [
      'does not rest after a quick one, however many slots it had',
      quick,
      { ...result, slots: 240 },
      { attempt: 1 },
    ],
    [
      'keeps no log of a key that was found',
      patient,
      { ...result, ended: 'found', may_go_on: false },
      { attempt: 2 },
    ],
    [
      'rests for an hour after failures',
      patient,
      { ...result, ended: 'failing', may_go_on: false },
      { attempt: 2, not_before: NOW + 60 * MINUTE },
    ],
    [
      'gives up for a week after 240 slots',
      patient,
      { ...result, slots: 240 },
      { attempt: 2, not_before: NOW + 7 * DAY },
    ],
  ])('%s', (_, run, given, expected) => {
    expect(afterRun(taken, 't', run, given, NOW)).toEqual(of({ t: expected, u: { attempt: 7 } }));
  });

  test('is read as it was stored', () => {
    const after = afterRun(taken, 't', patient, result, NOW);
    expect(Progress.parse(JSON.parse(JSON.stringify(after)))).toEqual(after);
  });
});
