import { expect, test } from 'vitest';
import { schemaFindings } from '../../../cli/audit/verify/record-findings.ts';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { planRecorder } from '../../../lib/sweep/keys/record-plan.ts';

test('puts a plan on the audit log, in figures, within the rules of OCSF, with who started it, and forwards it', async () => {
  const put: [path: string, text: string][] = [];
  const store: AuditStore = {
    put: async (path, record) => {
      put.push([path, String(record)]);
      return { result: 'stored' };
    },
    get: async () => ({ ok: true, text: undefined }),
  };
  const started_at = Date.parse('2026-07-30T03:00:00.000Z');
  const plan_id = '20260730T030000Z-0a1b2c3d';
  const posted: string[] = [];
  const post = async (body: string) => posted.push(body) > 0;
  await planRecorder(
    { store, forward: { post } },
    { region: 'eu-central-1', requestId: 'r-1' },
    started_at + 60_000,
  )({
    version: 1,
    plan_id,
    started_at,
    decided_at: started_at + 3 * 3_600_000,
    mode: 'enforce',
    verdict: 'blocked',
    pages: 1,
    totals: { users: 3, keys: 40, active: 30, revoke: 28, warn: 1, rules: { max_age: 28 } },
    exempt_unused: [],
    invoked_by: 'console',
    blocks: [{ guard: 'cap', reason: '28 revocations are over the cap of 25' }],
  });
  const [[path = '', text = ''] = []] = put;

  expect(posted).toEqual([text]);
  expect(path).toBe(`records/date=2026-07-30/sweep/${plan_id}/20-plan.json`);
  expect(schemaFindings(path, text)).toEqual([]);
  expect(JSON.parse(text)).toMatchObject({
    // Stored when it was decided, hours after its start.
    time: started_at + 3 * 3_600_000,
    metadata: { original_time: new Date(started_at).toISOString() },
    status: 'Blocked',
    is_alert: true,
    actor: { invoked_by: 'console' },
    unmapped: { kind: 'plan', totals: { revoke: 28, max_age: 28 } },
  });
});
