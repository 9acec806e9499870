import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Earlier } from '../../../lib/audit/read-earlier.ts';
import { ListError } from '../../../lib/aws/list-objects.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import { pace } from '../../../lib/sweep/alerts/pace.ts';
import { recheckDue } from '../../../lib/sweep/alerts/recheck-due.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const NOW = Date.UTC(2026, 10, 24);
let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const reportOf = (number: number): LeakReport => ({
  version: 1,
  report_id: `github/acme/webshop/${number}/recheck`,
  detector: 'github',
  invoked_by: 'schedule',
  reported_at: NOW,
  seen_at: NOW,
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number },
  recheck: true,
});
const escalated = ({ report_id }: LeakReport): Earlier => ({
  outcome: { status: 'escalated', report_id, reason: 'a person', next_step: 'look' },
});

interface Given {
  readonly due?: () => Promise<LeakReport[]>;
  readonly earlier?: (report: LeakReport) => Earlier;
  readonly send?: (report: LeakReport) => void;
  readonly until?: number;
}

async function recheck({
  due = async () => [reportOf(1), reportOf(2)],
  earlier = () => ({}),
  send = () => {},
  until = 0,
}: Given) {
  const sent: [LeakReport, number][] = [];
  const results = await recheckDue({
    dueRechecks: due,
    earlier: async (report) => earlier(report),
    sendBacklog: async (report, delay) => {
      send(report);
      sent.push([report, delay]);
    },
    pace: pace(2, { now: NOW, until }),
  });
  const logged = output.entries().map(({ time: _time, ...entry }) => entry);
  return { results, sent, logged };
}

test('a second look that is due is queued at the pace of the backlog', async () => {
  expect(await recheck({})).toEqual({
    results: ['rechecked', 'rechecked'],
    sent: [
      [reportOf(1), 0],
      [reportOf(2), 30],
    ],
    logged: [1, 2].map((number) => ({
      level: 'info',
      message: 'alert queued',
      report_id: reportOf(number).report_id,
      fate: 'rechecked',
    })),
  });
});

test('a second look that has an outcome is settled', async () => {
  const found = await recheck({
    earlier: (report) => (report.report_id.includes('/1/') ? escalated(report) : {}),
  });

  expect(found.results).toEqual(['settled', 'rechecked']);
  expect(found.sent).toEqual([[reportOf(2), 0]]);
});

test('a second look without a place in the backlog is left to a later run', async () => {
  expect(await recheck({ until: NOW + 900_000 })).toEqual({
    results: ['later', 'later'],
    sent: [],
    logged: [],
  });
});

test('second looks that are not read are counted as one that failed', async () => {
  expect(await recheck({ due: () => Promise.reject(new ListError('HTTP 503')) })).toEqual({
    results: ['failed'],
    sent: [],
    logged: [{ level: 'error', message: 'second looks not read', error: 'ListError', code: 'audit_list' }],
  });
});

test('a second look that the queue does not take fails alone', async () => {
  const send = ({ report_id }: LeakReport) => {
    if (report_id.includes('/1/')) throw new TypeError('a bug');
  };
  const { logged, results, sent } = await recheck({ send });

  expect(results).toEqual(['failed', 'rechecked']);
  expect(sent).toEqual([[reportOf(2), 30]]);
  expect(logged).toContainEqual({
    level: 'error',
    message: 'alert not queued',
    report_id: reportOf(1).report_id,
    error: 'TypeError',
  });
});
