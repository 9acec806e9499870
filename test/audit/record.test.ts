import { describe, expect, test } from 'vitest';
import { schemaFindings } from '../../cli/audit/verify/record-findings.ts';
import { auditRecord } from '../../lib/audit/ocsf-record.ts';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { Token } from '../../lib/domain/token.ts';
import { context, outcomes, records, report } from '../support/samples.ts';

const stamp = { name: '90-outcome', time: report.seen_at };

describe.each(records)('the record of: %s', (_, record) => {
  test('keeps the rules of OCSF 1.8.0 for class 7001', () => {
    expect(schemaFindings('record', serialise(record))).toEqual([]);
  });

  test('passes through the schema of what leaves the process unchanged', () => {
    expect(JSON.parse(serialise(record))).toEqual(JSON.parse(JSON.stringify(record)));
  });
});

describe('the OCSF schema', () => {
  const [[, good] = expect.fail('no records')] = records;
  test.each<[string, object]>([
    ['a type_uid that is not class_uid * 100 + activity_id', { type_uid: 700101 }],
    ['a caption that is not the one of its id', { status: 'Failed', status_id: 2 }],
    ['a status outside of the enumeration', { status_id: 7 }],
    ['id 99 without a word of its own', { disposition_id: 99, disposition: 'Other' }],
    ['a time in seconds', { time: 1_785_400_000 }],
    ['no cloud, which the profile of that name requires', { cloud: undefined }],
    ['no command_uid', { command_uid: undefined }],
    ['an eviction without a countermeasure', { countermeasures: undefined }],
    ['an attribute that the class does not have', { token: 'x' }],
  ])('refuses %s', (_, change) => {
    expect(schemaFindings('record', JSON.stringify({ ...good, ...change }))).toHaveLength(1);
  });
});

describe('what leaves the process', () => {
  const [outcome = expect.fail('no outcomes')] = outcomes;
  const record = auditRecord(report, { kind: 'outcome', outcome, intentStored: true }, context, stamp);

  test.each<[string, object]>([
    ['beside the attributes of the class', { ...record, secret: 'x' }],
    ['beside the facts of an outcome', { ...record, unmapped: { ...record.unmapped, secret: 'x' } }],
    ['inside an attribute', { ...record, api: { ...record.api, headers: {} } }],
  ])('has no field that is not allowed %s', (_, changed) => {
    expect(() => serialise(changed as typeof record)).toThrow(/unrecognized/i);
  });

  test('holds no token, even where free text brings one', () => {
    const canary = `cog_${'canary'.repeat(6)}`;
    const leaky = { ...outcome, status: 'failed', reason: `bad ${canary}!`, retryable: true } as const;
    const { report_id } = report;
    const text = serialise(
      auditRecord(
        { ...report, leak: { kind: 'token' }, token: new Token(canary), reason: `see ${canary}` },
        { kind: 'attempt', outcome: { ...pick(leaky), report_id }, intentStored: true },
        context,
        stamp,
      ),
    );

    expect(text).not.toContain('canary');
    expect(JSON.parse(text).status_detail).toBe('bad [redacted]!');
  });

  test('names who invoked it', () => {
    const named = { ...report, invoked_by: 'console', caller: 'alice@example.com' } as const;
    const { actor } = auditRecord(named, { kind: 'outcome', outcome, intentStored: true }, context, stamp);

    expect(actor).toEqual({
      app_name: 'devin-key-revoker',
      invoked_by: 'console',
      user: { name: 'alice@example.com' },
    });
  });

  test('claims an answer of the API only where this run saw it', () => {
    const responses = outcomes.map((each) => {
      const { api } = auditRecord(
        report,
        { kind: 'outcome', outcome: each, intentStored: true },
        context,
        stamp,
      );
      return ['evidence' in each ? each.evidence : each.status, api.response?.code];
    });

    expect(responses.filter(([, code]) => code !== undefined)).toEqual([
      ['token_rejected', 200],
      ['listed_inactive', 200],
      ['token_rejected', 200],
    ]);
  });
});

test.each([
  ['revoked', 1, 'Access Revoked', 'High'],
  ['already_revoked', 1, 'No Action', 'Medium'],
  ['not_found', 3, 'No Action', 'Medium'],
  ['still_alive', 4, 'Uncorrected', 'Critical'],
  ['escalated', 5, 'Alert', 'Critical'],
  ['rehearsed', 99, 'Logged', 'Informational'],
  ['failed', 6, 'Error', 'High'],
])(
  '%s has the status %i, the disposition %s and the severity %s',
  (status, status_id, disposition, severity) => {
    const found = records.filter(([, record]) => record.status_code === status);

    expect(found.length).toBeGreaterThan(0);
    for (const [name, record] of found.filter(([each]) => !each.endsWith('of our own key')))
      expect(record, name).toMatchObject({ status_id, disposition, severity });
  },
);

function pick<T extends { status: 'failed'; reason: string; retryable: boolean }>({ reason, retryable }: T) {
  return { status: 'failed' as const, reason, retryable };
}
