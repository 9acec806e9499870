import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Earlier } from '../../../lib/audit/read-earlier.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { LedgerEntry } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { pace } from '../../../lib/sweep/alerts/pace.ts';
import { queueAlert } from '../../../lib/sweep/alerts/queue-alert.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24);
const OLD = NOW - 600 * MINUTE;
const KEY = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
let output: Output;

beforeEach(() => {
  output = captureOutput();
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

const settled: LedgerEntry = {
  action: 'created',
  at: OLD,
  updated: OLD,
  public: false,
  active: false,
  phase: 'settled',
  queued: 1,
  due: 0,
};

async function queue(
  { created = OLD, updated }: { created?: number; updated: number },
  entry: LedgerEntry | undefined,
  earlier: (report: LeakReport) => Earlier,
) {
  const leaks: LeakReport[] = [];
  const backlog: LeakReport[] = [];
  const alert = {
    number: 1,
    created_at: new Date(created).toISOString(),
    updated_at: new Date(updated).toISOString(),
    repository: { full_name: 'acme/webshop' },
  };
  const end = await queueAlert(alert, entry, {
    earlier: async (report) => earlier(report),
    sendLeak: async (report) => void leaks.push(report),
    sendBacklog: async (report) => void backlog.push(report),
    pace: pace(60, { now: NOW, until: 0 }),
    dryRun: false,
  });
  return { end, leaks, backlog };
}

/** We closed the alert nine hours ago. */
const closed = ({ report_id }: LeakReport): Earlier =>
  report_id.includes('/created/')
    ? {
        outcome: {
          status: 'revoked',
          report_id,
          ...KEY,
          evidence: 'token_rejected',
          proof: { method: 'token', probes: 3, at: NOW - 540 * MINUTE },
          alert: { closed: true },
        },
      }
    : {};

test('an alert that was closed and opened again between two runs is contained again', async () => {
  const { backlog, end } = await queue({ updated: NOW - 90 * MINUTE }, settled, closed);

  expect(end).toMatchObject({ result: 'queued', entry: { action: 'reopened', at: NOW - 90 * MINUTE } });
  expect(backlog.map(({ report_id }) => report_id)).toEqual([expect.stringContaining('/reopened/')]);
});

test('a settled alert that changed is looked at again when its outcome is not found', async () => {
  const { backlog, end, leaks } = await queue({ updated: NOW - 90 * MINUTE }, settled, () => ({}));

  expect(end).toEqual({ result: 'waiting' });
  expect([...leaks, ...backlog]).toEqual([]);
});

test.each([
  ['a new leak', 10, {}, undefined],
  ['a new leak that was worked on before', 10, { intent: { ...KEY, time: NOW - MINUTE } }, false],
  ['a leak that an earlier run may have sent', 25, {}, false],
])('the queue repeats %s as it should', async (_, age, earlier, redeliver) => {
  const created = NOW - age * MINUTE;
  const { leaks } = await queue({ created, updated: created }, undefined, () => earlier);

  expect(leaks.map((report) => report.redeliver)).toEqual([redeliver]);
});
