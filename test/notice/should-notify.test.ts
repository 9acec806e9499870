import { expect, test } from 'vitest';
import { DRILL_CALLER } from '../../lib/domain/drill.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import type { Ended } from '../../lib/notice/ended.ts';
import { shouldNotify } from '../../lib/notice/should-notify.ts';
import { report } from '../support/samples.ts';
import { ended, samples } from './samples.ts';

const { report_id } = report;
const revoked = samples.revoked?.outcome as Outcome;
const dead = samples['dead already, of an unknown owner']?.outcome as Outcome;
const failed = { report_id, status: 'failed', reason: 'HTTP 503', retryable: true } as const;
const exposure = { seen_at: '2026-07-30T08:26:40.900Z' };
const other = { api_key_id: 'key-9', api_key_name: 'ci', replace_with: 'key-10' };
const drilled = { ...revoked, api_key_name: 'drill-1' } as Outcome;
const of = (outcome: Outcome, changes: Partial<Report> = {}, attempt = 1): Ended =>
  ended(outcome, { report: { ...report, ...changes }, attempt });
const sweep = { detector: 'sweep', invoked_by: 'schedule' } as const;
const old = { redeliver: false } as const;

const cases: [what: string, given: Ended, all: boolean, needsPerson: boolean][] = [
  ['a leak that was revoked', of(revoked), true, false],
  ['one that was used after it leaked', samples['revoked, and used after the leak'] as Ended, true, true],
  [
    'one that was used, and nothing else',
    of({ ...revoked, exposure: { ...exposure, used_after_leak: true } }),
    true,
    true,
  ],
  ['one that took another key with it', of({ ...revoked, collateral: [other] }), true, true],
  [
    'one of which nothing is known besides',
    of({ ...revoked, exposure: undefined, alert: undefined } as Outcome),
    true,
    false,
  ],
  ['one whose alert stays open', of({ ...revoked, alert: { closed: false } }), true, true],
  ['our own key', samples['our own token'] as Ended, true, true],
  ['one that was told to be alive before', of(revoked, {}, 2), true, true],
  ['a key that a sweep revoked', of(revoked, sweep), false, false],
  ['a drill', of(drilled, { caller: DRILL_CALLER }), false, false],
  ['a leak of what calls itself a drill', of(revoked, { caller: DRILL_CALLER }), true, false],
  ['a leak that was dead already', of(dead), true, false],
  ['an old alert whose token was dead already', of(dead, old), false, false],
  ['an old alert whose key was revoked', of(revoked, old), true, false],
  ['a leak that a person decides', samples['escalated with candidates'] as Ended, true, true],
  [
    'a swept key that a person decides',
    of(samples['escalated with candidates']?.outcome as Outcome, sweep),
    true,
    true,
  ],
  ['a key that still works', samples['still alive'] as Ended, true, true],
  ['a failure that is retried', of(failed), false, false],
  ['a failure that lasts', of(failed, {}, 5), true, true],
  ['a failure of an event, whose retries are few', of(failed, { invoked_by: 'event' }), true, true],
  ['a failure for good', samples['failed for good'] as Ended, true, true],
  ['a rehearsal', samples.rehearsed as Ended, true, false],
  ['a rehearsal by hand', of(samples.rehearsed?.outcome as Outcome, { invoked_by: 'console' }), false, false],
  ['a rehearsal about an old alert', of(samples.rehearsed?.outcome as Outcome, old), false, false],
  [
    'a key that Devin does not know',
    of({ report_id, status: 'not_found', reason: 'unknown' } as Outcome),
    true,
    false,
  ],
  [
    'an old alert whose key Devin does not know',
    of({ report_id, status: 'not_found', reason: 'unknown' } as Outcome, old),
    false,
    false,
  ],
  ['what is not for us', of({ report_id, status: 'ignored', reason: 'another secret type' }), false, false],
];

test.each(cases)('people are notified of %s as the setting says', (_, given, all, needsPerson) => {
  expect({ all: shouldNotify(given, 'all'), needsPerson: shouldNotify(given, 'needs-person') }).toEqual({
    all,
    needsPerson,
  });
});
