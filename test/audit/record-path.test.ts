import { describe, expect, test } from 'vitest';
import {
  candidateIntent,
  isIntent,
  recordFolder,
  recordPath,
  settledRecord,
} from '../../lib/audit/record-path.ts';

const report = {
  report_id: 'github/acme/webshop/42/created/20260730T082640000Z',
  reported_at: Date.parse('2026-07-30T23:59:59.999Z'),
};
const folder = `records/date=2026-07-30/${report.report_id}/`;
const now = new Date('2026-07-31T01:02:03.004Z');

test('a record is in the folder of its report, by the day of the report', () => {
  expect(recordFolder(report)).toBe(folder);
  expect(recordPath(report, '90-outcome')).toBe(`${folder}90-outcome.json`);
});

describe('a delivery ends', () => {
  test.each(['revoked', 'already_revoked', 'not_found', 'escalated', 'ignored'] as const)(
    'in the one outcome of the report when it is %s',
    (status) => {
      expect(settledRecord(status, now)).toEqual({ kind: 'outcome', name: '90-outcome' });
    },
  );

  test.each(['failed', 'still_alive'] as const)('in an attempt of its own when it is %s', (status) => {
    expect(settledRecord(status, now)).toEqual({ kind: 'attempt', name: '50-attempt-20260731T010203004Z' });
  });

  test('beside the outcome when it is rehearsed', () => {
    expect(settledRecord('rehearsed', now)).toEqual({ kind: 'outcome', name: '80-rehearsal' });
  });
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

test('the name of a candidate holds no tilde', () => {
  expect(candidateIntent('key~1')).toBe('20-intent-key=7E1');
});
