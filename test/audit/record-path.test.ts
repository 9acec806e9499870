import { describe, expect, test } from 'vitest';
import {
  candidateIntent,
  deleteName,
  enrolName,
  intentName,
  isHistory,
  isIntent,
  recordFolder,
  recordPath,
  settledRecord,
} from '../../lib/audit/record-path.ts';
import { outcomes } from '../support/samples.ts';

const report = {
  report_id: 'github/acme/webshop/42/created/20260730T082640000Z',
  reported_at: Date.parse('2026-07-30T23:59:59.999Z'),
};
const folder = `records/date=2026-07-30/${report.report_id}/`;
const now = Date.parse('2026-07-31T01:02:03.004Z');

test('a record is in the folder of its report, by the day of the report', () => {
  expect(recordFolder(report)).toBe(folder);
  expect(recordPath(report, '90-outcome')).toBe(`${folder}90-outcome.json`);
});

describe('a delivery ends', () => {
  test.each(outcomes.map((outcome) => [outcome.status, outcome] as const))(
    'in its record when %s',
    (_, outcome) => {
      const isAttempt =
        outcome.status === 'still_alive' || (outcome.status === 'failed' && outcome.retryable);
      const expected = isAttempt
        ? { kind: 'attempt', name: '50-attempt-20260731T010203004Z' }
        : outcome.status === 'rehearsed'
          ? { kind: 'rehearsal', name: '80-rehearsal' }
          : { kind: 'outcome', name: '90-outcome' };
      expect(settledRecord(outcome, now)).toEqual(expected);
    },
  );

  test('in the outcome of the report when no retry can mend its failure', () => {
    const outcome = { status: 'failed', reason: 'HTTP 403', retryable: false } as const;
    expect(settledRecord(outcome, now)).toEqual({ kind: 'outcome', name: '90-outcome' });
  });
});

test('each leak of a report has an intent of its own', () => {
  const names = [0, 1, 2].map((part) => intentName(part));
  expect(names).toEqual(['10-intent', '10-intent-2', '10-intent-3']);
  expect(names.every((name) => isIntent(`${folder}${name}.json`))).toBe(true);
});

test('each DELETE and each attempt is part of what earlier deliveries did, and no intent', () => {
  const name = deleteName('key~1', now);
  expect(name).toBe('30-delete-20260731T010203004Z-key=7E1');
  expect(isIntent(`${folder}${name}.json`)).toBe(false);
  const names = [name, '50-attempt-20260731T010203004Z', '10-intent', '20-intent-key-1', '90-outcome'];
  expect(names.map((each) => isHistory(`${folder}${each}.json`))).toEqual([true, true, false, false, false]);
});

test.each([
  ['10-intent', true],
  [`${folder}10-intent.json`, true],
  [candidateIntent('key-1'), true],
  [`${folder}20-intent-key-1.json`, true],
  [`${folder}90-outcome.json`, false],
  ['records/date=2026-07-30/console/10-intent/90-outcome.json', false],
])('%s is an intent: %j', (path, expected) => {
  expect(isIntent(path)).toBe(expected);
});

test('each key that is enrolled has an act of its own, whose name holds no tilde', () => {
  expect(enrolName('key~1~2')).toBe('10-act-key=7E1=7E2');
});

test('the name of a candidate holds no tilde', () => {
  expect(candidateIntent('key~1')).toBe('20-intent-key=7E1');
});
