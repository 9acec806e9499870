import { describe, expect, test } from 'vitest';
import { printCsv, printTable, progressBar } from '../../../cli/sweep/print.ts';
import type { Entry } from '../../../lib/sweep/keys/plan.ts';

const entry: Entry = {
  service_user_id: 'service-user-1',
  service_user_name: 'deploy bot',
  api_key_id: 'key-1',
  api_key_name: 'ci',
  created_at: 1_700_000_000,
  expires_at: 1_800_000_000,
  last_used_at: null,
  decision: 'warn',
  rule: 'expires_soon',
  threshold_days: 7,
};
const { threshold_days: _threshold, ...plain } = entry;
const spared: Entry = { ...plain, decision: 'keep', rule: 'exempt', spared_from: 'expired' };

describe('the plan as a table', () => {
  test('shows revocations first, in columns', () => {
    const due: Entry = {
      ...plain,
      decision: 'revoke',
      rule: 'max_idle',
      api_key_id: 'key-22',
      expires_at: null,
    };

    expect(printTable([spared, entry, due])).toBe(
      [
        'DECISION  RULE                   EXPIRES     LAST USED  KEY     KEY NAME  OWNER           OWNER NAME',
        'revoke    max_idle               never       never      key-22  ci        service-user-1  deploy bot',
        'warn      expires_soon (7 days)  2027-01-15  never      key-1   ci        service-user-1  deploy bot',
        'keep      exempt (expired)       2027-01-15  never      key-1   ci        service-user-1  deploy bot',
      ].join('\n'),
    );
  });
});

describe('the plan as CSV', () => {
  test('quotes what needs it, and holds no formula', () => {
    const named = { ...spared, api_key_name: '=HYPERLINK("http://x")', service_user_name: 'a, "b"\nc' };

    expect(printCsv([named]).split('\r\n')[1]).toBe(
      'keep,exempt (expired),2027-01-15,never,key-1,"\'=HYPERLINK(""http://x"")",service-user-1,"a, ""b""\nc"',
    );
  });
});

describe('the progress', () => {
  test.each([
    [0, 100, '[..........] 0 %  0 of 100 service users'],
    [50, 100, '[#####.....] 50 %  50 of 100 service users'],
    [110, 100, '[##########] 100 %  110 of 100 service users'],
    [7, undefined, '7 service users'],
    [7, 0, '7 service users'],
  ])('of %d of %s is %s', (done, total, expected) => {
    expect(progressBar(done, total, 10)).toBe(expected);
  });
});
