import { describe, expect, test } from 'vitest';
import { csvLines, tableLines } from '../../../cli/sweep/print.ts';
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

    expect(tableLines([spared, entry, due])).toEqual([
      'DECISION  RULE                   EXPIRES     LAST USED  KEY     KEY NAME  OWNER           OWNER NAME',
      'revoke    max_idle               never       never      key-22  ci        service-user-1  deploy bot',
      'warn      expires_soon (7 days)  2027-01-15  never      key-1   ci        service-user-1  deploy bot',
      'keep      exempt (expired)       2027-01-15  never      key-1   ci        service-user-1  deploy bot',
    ]);
  });
});

describe('the plan as CSV', () => {
  test('quotes what needs it, and holds neither a formula nor a line break', () => {
    const named = { ...spared, api_key_name: '=HYPERLINK("http://x")', service_user_name: 'a, "b"\nc' };

    expect(csvLines([named])[1]).toBe(
      'keep,exempt (expired),2027-01-15,never,key-1,"\'=HYPERLINK(""http://x"")",service-user-1,"a, ""b""\\nc"',
    );
  });
});
