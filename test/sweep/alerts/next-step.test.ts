import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { closingPauseAfter, nextStep, pauseAfter } from '../../../lib/sweep/alerts/next-step.ts';
import type { AlertState } from '../../../lib/sweep/alerts/open-alert.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 24);
const OLD = NOW - 10 * DAY;
const state: AlertState = { created: OLD, updated: OLD, public: false, active: false };
const entry: LedgerEntry = {
  action: 'created',
  at: OLD,
  updated: OLD,
  public: false,
  active: false,
  phase: 'waiting',
  queued: 2,
  due: NOW + MINUTE,
};

interface Row {
  when: string;
  state?: Partial<AlertState>;
  entry?: Partial<LedgerEntry> | 'none';
  dryRun?: boolean;
  expected: object;
}

test.each<Row>([
  {
    when: 'it is new to the ledger',
    entry: 'none',
    expected: { step: 'check', subject: { action: 'created', at: OLD }, isDue: true, isFresh: false },
  },
  {
    when: 'it was made within the hour',
    entry: 'none',
    state: { created: NOW - 59 * MINUTE, updated: NOW - 59 * MINUTE },
    expected: { step: 'check', isDue: true, isFresh: true },
  },
  {
    when: 'it was made an hour ago',
    entry: 'none',
    state: { created: NOW - 60 * MINUTE, updated: NOW - 60 * MINUTE },
    expected: { step: 'check', isDue: true, isFresh: false },
  },
  {
    when: 'it is new to the ledger and the run is a rehearsal',
    entry: 'none',
    dryRun: true,
    expected: { step: 'check', entry: { dry: true, phase: 'waiting', queued: 0, due: NOW } },
  },
  {
    when: 'it was made five minutes ago',
    entry: 'none',
    state: { created: NOW - 5 * MINUTE, updated: NOW - 5 * MINUTE },
    expected: { step: 'check', isDue: true, isFresh: true },
  },
  {
    when: 'its webhook may be on its way',
    entry: 'none',
    state: { created: NOW - 4 * MINUTE, updated: NOW - 4 * MINUTE },
    expected: { step: 'young' },
  },
  { when: 'it is not due', expected: { step: 'check', isDue: false } },
  { when: 'it is due', entry: { due: NOW }, expected: { step: 'check', isDue: true, isFresh: false } },
  { when: 'it is settled', entry: { phase: 'settled', due: 0 }, expected: { step: 'rest' } },
  { when: 'it waits to be closed', entry: { phase: 'closing' }, expected: { step: 'rest' } },
  {
    when: 'it is due to be closed',
    entry: { phase: 'closing', due: NOW },
    expected: { step: 'check', isDue: true, entry: { phase: 'closing', queued: 2 } },
  },
  {
    // It may have been closed and opened again between two runs, which its outcome shows.
    when: 'it is settled and something else of it changed',
    entry: { phase: 'settled', due: 0 },
    state: { updated: NOW - DAY },
    expected: {
      step: 'check',
      isDue: false,
      isFresh: false,
      entry: { phase: 'settled', updated: NOW - DAY, at: OLD },
    },
  },
  {
    when: 'it is settled and something else of it changed five minutes ago',
    entry: { phase: 'settled' },
    state: { updated: NOW - 5 * MINUTE },
    expected: { step: 'check', isDue: false },
  },
  {
    when: 'it is settled and something else of it changed a moment ago',
    entry: { phase: 'settled' },
    state: { updated: NOW - MINUTE },
    expected: { step: 'young' },
  },
  {
    when: 'it is settled and public now',
    entry: { phase: 'settled' },
    state: { updated: NOW - 10 * MINUTE, public: true },
    expected: {
      step: 'check',
      subject: { action: 'publicly_leaked', at: NOW - 10 * MINUTE },
      entry: { phase: 'waiting', queued: 0, public: true },
      isFresh: true,
    },
  },
  {
    when: 'it is settled and confirmed now',
    entry: { phase: 'settled' },
    state: { updated: NOW - 2 * DAY, active: true },
    expected: { step: 'check', subject: { action: 'validated', at: NOW - 2 * DAY }, isFresh: false },
  },
  {
    when: 'it was confirmed a moment ago',
    state: { updated: NOW - MINUTE, active: true },
    expected: { step: 'young' },
  },
  {
    when: 'it was confirmed five minutes ago',
    state: { updated: NOW - 5 * MINUTE, active: true },
    expected: { step: 'check', subject: { action: 'validated', at: NOW - 5 * MINUTE }, isFresh: true },
  },
  {
    when: 'it was closed, and is open again',
    entry: { phase: 'settled', gone: NOW - DAY },
    state: { updated: NOW - 10 * MINUTE },
    expected: { step: 'check', subject: { action: 'reopened', at: NOW - 10 * MINUTE } },
  },
  {
    when: 'a listing missed it once',
    entry: { phase: 'settled', gone: NOW - DAY },
    expected: { step: 'rest', entry: { ...entry, phase: 'settled' } },
  },
  {
    when: 'it was only rehearsed',
    entry: { dry: true },
    expected: { step: 'check', isDue: true, isFresh: false, entry: { queued: 0 } },
  },
  { when: 'it was rehearsed, and still is', entry: { dry: true }, dryRun: true, expected: { isDue: false } },
])('an alert is looked at as it should be when $when', ({ dryRun = false, expected, ...row }) => {
  const known = row.entry === 'none' ? undefined : { ...entry, ...row.entry };
  const step = nextStep({ ...state, ...row.state }, known, { dryRun, now: NOW });

  expect(step).toMatchObject(expected);
  // Only a rehearsal leaves a note of one.
  if ('entry' in step && !dryRun) expect(step.entry).not.toHaveProperty('dry');
  if ('entry' in step) expect(step.entry.gone).toBeUndefined();
});

describe('the pauses', () => {
  const hours = (pause: (queued: number) => number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => (pause(index + 1) + MINUTE) / (60 * MINUTE));

  test('of an alert without an outcome grow to a week', () => {
    expect(hours(pauseAfter, 18)).toEqual([0.25, 1, 6, ...Array(13).fill(24), 168, 168]);
  });

  test('of an alert that GitHub does not let us close grow to 16 days', () => {
    expect(hours(closingPauseAfter, 7).map((pause) => pause / 24)).toEqual([1, 2, 4, 8, 16, 16, 16]);
  });
});
