import { expect, test } from 'vitest';
import { RATINGS } from '../../lib/audit/ocsf-codes.ts';
import { PLAN_RATINGS } from '../../lib/audit/plan-record.ts';
import { readPage, rows } from '../support/pages.ts';

test('the table of records has the codes of the code', () => {
  const names: Readonly<Record<string, string>> = {
    alert_closed: 'alert closed',
    alert_open: 'alert left open',
    planned: 'sweep plan',
    blocked: 'sweep plan, blocked',
  };
  const expected = Object.entries({ ...RATINGS, ...PLAN_RATINGS }).map(
    ([code, { disposition, severity, status }]) => [
      names[code] ?? code,
      status.join(' '),
      disposition.join(' '),
      severity[1],
    ],
  );

  expect(rows(readPage('docs/audit-log.md'), 'record')).toEqual(expected);
});
