import { describe, expect, test } from 'vitest';
import { schemaBreaks } from '../../cli/audit/verify-record.ts';
import { describeAftermath } from '../../lib/aftermath/describe-aftermath.ts';
import { AFTERMATH, aftermathRecord } from '../../lib/audit/aftermath-record.ts';
import { LeakReport } from '../../lib/domain/report.ts';
import { aftermathRecords, busy, quiet } from '../support/aftermath-samples.ts';
import { context, report } from '../support/samples.ts';

describe.each(aftermathRecords)('the record of an aftermath: %s', (_, text, code) => {
  test('keeps the rules of OCSF 1.8.0 for class 7001', () => {
    expect(schemaBreaks('record', text)).toEqual([]);
  });

  test('says what it is', () => {
    expect(JSON.parse(text)).toMatchObject({ status_code: code });
  });
});

test('a field that is not allowed is not written', () => {
  const stamp = { report: LeakReport.parse(report), context, name: AFTERMATH, time: 1_785_400_000_000 };
  const session = { ...busy.sessions.listed[0], prompt: 'x' };
  for (const changed of [
    { ...quiet, prompt: 'x' },
    { ...quiet, sessions: { ...quiet.sessions, listed: [session] } },
  ]) {
    expect(() => aftermathRecord(changed as typeof quiet, 'x', stamp)).toThrow(/unrecognized/i);
  }
});

test('sessions, links, schedules and keys are observables', () => {
  const found = aftermathRecords.find(([name]) => name === 'everything seen');
  const { observables } = JSON.parse(found?.[1] ?? '{}');
  expect(
    observables.map(({ type_id, value }: { type_id: number; value: string }) => [type_id, value]),
  ).toEqual([
    [19, 'key-3d4e5f'],
    [10, 'devin-1'],
    [6, 'https://github.com/acme/webshop/pull/7'],
    [10, 'devin-2'],
    [10, 'sched-1'],
    [19, 'key-2'],
  ]);
});

test('an aftermath is described in words', () => {
  expect(
    describeAftermath({ ...busy, complete: false, problems: ['HTTP 503'], escalated: 'too many' }),
  ).toEqual([
    'since 2026-07-29T08:26:40.000Z service-user-0a1b2c started 2 sessions (1 in the name of a user, 1 at an hour or from an origin unlike the thirty days before), of which 1 still runs: https://app.devin.ai/sessions/1; made or changed 1 schedule ("nightly", enabled), which a person has to remove; created 2 API keys: key-2, queued for revocation; a key without an id, the audit log does not name all its ids; touched secrets 1 time; did 1 other act (create_playbook 1)',
    'devin-1 was NOT ENDED: HTTP 403',
    'devin-2 was ended, and its end was read',
    'ESCALATED: too many',
    'NOT COMPLETE: HTTP 503',
    busy.note,
  ]);
  expect(describeAftermath(quiet)).toEqual([
    'since 2026-07-29T08:26:40.000Z nothing was seen of service-user-0a1b2c',
  ]);
});
