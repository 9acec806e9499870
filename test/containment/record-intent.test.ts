import { afterEach, beforeEach, expect, test } from 'vitest';
import type { History } from '../../lib/audit/history.ts';
import type { Earlier } from '../../lib/audit/read-earlier.ts';
import type { Stored } from '../../lib/aws/write-once-bucket.ts';
import { recordIntent } from '../../lib/containment/record-intent.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const report: Report = {
  version: 1,
  report_id: 'github/acme/webshop/1',
  detector: 'github',
  invoked_by: 'webhook',
  reported_at: 1_000,
  seen_at: 2_000,
  leak: { kind: 'key', ...key },
};
const outcome: Outcome = { status: 'not_found', report_id: report.report_id, reason: 'gone' };
const failure: Stored = { result: 'failed', reason: 'HTTP 503' };

const history: History = {
  deletions: [{ ...key, sent_at: 1_600, answer: 'unanswered' }],
  collateral: [],
};

const trailThat = (
  stored: Stored,
  earlier: () => Promise<Earlier> = async () => ({}),
  readHistory = async () => history,
) => ({
  intent: async () => stored,
  earlier,
  history: readHistory,
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

test.each<[string, Report['invoked_by'], ReturnType<typeof trailThat>, unknown]>([
  [
    'an intent that is stored lets the report go on',
    'webhook',
    trailThat({ result: 'stored' }),
    { status: 'intent_stored' },
  ],
  [
    'an intent of an earlier delivery brings what that delivery did',
    'webhook',
    trailThat({ result: 'exists' }, async () => ({ intent: { ...key, time: 1_500 } })),
    { status: 'intent_stored', earlier: { intentTime: 1_500, history } },
  ],
  [
    'an intent of an earlier delivery that cannot be read is dated by when the report was first seen',
    'webhook',
    trailThat({ result: 'exists' }, async () => Promise.reject(new Error('down'))),
    { status: 'intent_stored', earlier: { intentTime: 2_000, history } },
  ],
  [
    'nothing is claimed of an earlier delivery whose records cannot be read',
    'webhook',
    trailThat(
      { result: 'exists' },
      async () => ({}),
      () => Promise.reject(new Error('down')),
    ),
    { status: 'intent_stored', earlier: { intentTime: 2_000, history: { deletions: [], collateral: [] } } },
  ],
  [
    'an outcome of an earlier delivery stands',
    'webhook',
    trailThat({ result: 'exists' }, async () => ({ outcome })),
    { status: 'on_record', outcome },
  ],
  [
    'a leak is revoked without a stored intent when the store is down',
    'webhook',
    trailThat(failure),
    { status: 'intent_not_stored' },
  ],
  ...(['console', 'schedule'] as const).map(
    (by): [string, Report['invoked_by'], ReturnType<typeof trailThat>, unknown] => [
      `nothing is revoked without a stored intent for a run by ${by}`,
      by,
      trailThat(failure),
      {
        status: 'decided',
        draft: {
          status: 'failed',
          ...key,
          reason: 'nothing is revoked without a stored intent: HTTP 503',
          retryable: true,
        },
      },
    ],
  ),
])('%s', async (_, invoked_by, given, expected) => {
  expect(await recordIntent({ ...report, invoked_by }, key, given)).toEqual(expected);
});

test('a revocation without a stored intent is logged as an error', async () => {
  await recordIntent(report, key, trailThat(failure));
  expect(output.entries()).toMatchObject([
    { level: 'error', message: 'revoking without a stored intent', report_id: report.report_id },
  ]);
});
