import { expect, test } from 'vitest';
import type { Outcome } from '../../../lib/domain/outcome.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import { alertReport, closingReport, leftToDo } from '../../../lib/sweep/alerts/alert-report.ts';

const CREATED = Date.UTC(2026, 10, 1, 8);
const UPDATED = Date.UTC(2026, 10, 20, 9, 30);
const NOW = Date.UTC(2026, 10, 24, 17, 45);
const ALERT = { owner: 'acme', repo: 'webshop', number: 7 };
const KEY = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
const REPORT: LeakReport = {
  version: 1,
  report_id: 'github/acme/webshop/7/publicly_leaked/20261120T093000000Z',
  detector: 'github',
  invoked_by: 'schedule',
  reported_at: UPDATED,
  leaked_at: CREATED,
  seen_at: NOW,
  leak: { kind: 'github_alert', ...ALERT },
  reason: 'open alert found by the sweep',
};

test('an open alert makes the report of its webhook', () => {
  const given = { created: CREATED, dryRun: false, now: NOW };

  expect(alertReport(ALERT, { action: 'publicly_leaked', at: UPDATED }, given)).toStrictEqual(REPORT);
});

test('a dry run says so in its report', () => {
  const given = { created: CREATED, dryRun: true, now: NOW };

  expect(alertReport(ALERT, { action: 'created', at: UPDATED }, given)).toMatchObject({ dry_run: true });
});

test('the report that closes an alert is one a day', () => {
  const midnight = Date.UTC(2026, 10, 24);

  expect(closingReport(REPORT, NOW)).toEqual({
    ...REPORT,
    report_id: 'github/acme/webshop/7/closing/2026-11-24',
    reported_at: midnight,
    reason: 'the alert of a dead key is still open',
  });
  expect(closingReport(REPORT, midnight)).toEqual(closingReport(REPORT, NOW));
  expect(closingReport(REPORT, midnight - 1).report_id).toBe('github/acme/webshop/7/closing/2026-11-23');
});

const report_id = REPORT.report_id;
const revoked = (closed?: boolean): Outcome => ({
  status: 'revoked',
  report_id,
  ...KEY,
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 3, at: UPDATED },
  ...(closed !== undefined && { alert: closed ? { closed } : { closed, reason: 'HTTP 403' } }),
});
const dead: Outcome = {
  status: 'already_revoked',
  report_id,
  ...KEY,
  evidence: 'dead_on_arrival',
  proof: { method: 'token', probes: 3, at: UPDATED },
  alert: { closed: true },
};

test.each<[string, Outcome, number, ReturnType<typeof leftToDo>]>([
  ['of a revoked key whose alert is closed', revoked(true), UPDATED, 'nothing'],
  ['of a revoked key whose alert changed since', revoked(true), UPDATED + 1, 'contain again'],
  ['of a revoked key whose alert is not closed', revoked(false), UPDATED + 1, 'close'],
  ['of a revoked key whose alert was not tried', revoked(), UPDATED, 'close'],
  ['of a key that was dead before', dead, UPDATED, 'nothing'],
  ['of a key that was dead before whose alert changed since', dead, UPDATED + 1, 'contain again'],
  [
    'that a person decides about',
    { status: 'escalated', report_id, reason: 'a person', next_step: 'look' },
    UPDATED + 1,
    'nothing',
  ],
])('the outcome %s leaves to do what it should', (_, outcome, updated, left) => {
  expect(leftToDo(outcome, updated)).toBe(left);
});
