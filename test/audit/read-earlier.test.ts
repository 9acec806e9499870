import { describe, expect, test } from 'vitest';
import { auditRecord } from '../../lib/audit/ocsf-record.ts';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { AuditStoreError, readEarlier } from '../../lib/audit/read-earlier.ts';
import { recordPath } from '../../lib/audit/record-path.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { context, LEAKED_AT, outcomes, report } from '../support/samples.ts';

const retry = { deadline: LEAKED_AT };
const key = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
const { api_key_id: _id, ...user } = key;
const stamp = { name: 'x', time: LEAKED_AT };
const intentOf = (named: { service_user_id: string; api_key_id?: string }): string =>
  serialise(auditRecord(report, { kind: 'intent', key: named }, context, stamp));
const outcomeTexts = outcomes.map((outcome) => {
  const entry = { kind: 'outcome', outcome, intentStored: true } as const;
  return [outcome.status, outcome, serialise(auditRecord(report, entry, context, stamp))] as const;
});

const earlierOf = (records: Record<string, string>, part?: number) => {
  const texts = new Map(Object.entries(records).map(([name, text]) => [recordPath(report, name), text]));
  const store: AuditStore = {
    put: () => expect.fail('a read writes nothing'),
    get: async (path) => ({ ok: true, text: texts.get(path) }),
  };
  return readEarlier(store, report, retry, part);
};

describe('earlier deliveries left', () => {
  test('nothing', async () => {
    expect(await earlierOf({})).toStrictEqual({});
  });

  test.each([
    ['a key', key],
    ['a service user', user],
  ])('an intent with %s', async (_, named) => {
    const expected = { intent: { ...named, time: LEAKED_AT } };
    expect(await earlierOf({ '10-intent': intentOf(named) })).toStrictEqual(expected);
  });

  test.each(outcomeTexts)('the outcome %s, without what the record adds', async (_, outcome, text) => {
    expect(await earlierOf({ '90-outcome': text })).toEqual({ outcome });
  });

  test('the intent of one of several leaks', async () => {
    const records = { '10-intent': intentOf(key), '10-intent-2': intentOf(user) };
    expect(await earlierOf(records, 1)).toStrictEqual({ intent: { ...user, time: LEAKED_AT } });
  });
});

describe('what is on record does not pass for nothing', () => {
  test.each<[string, Record<string, string>, string]>([
    ['an intent that is cut off', { '10-intent': '{' }, '10-intent.json is not readable'],
    ['an empty intent', { '10-intent': '' }, '10-intent.json is not readable'],
    ['another document', { '90-outcome': '{"unmapped":{}}' }, '90-outcome.json is not readable'],
    [
      'an unknown outcome',
      { '90-outcome': JSON.stringify({ unmapped: { status: 'lost', report_id: report.report_id } }) },
      'the stored outcome is not readable',
    ],
  ])('%s', async (_, records, message) => {
    const error = await earlierOf(records).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuditStoreError);
    expect(String(error)).toContain(message);
  });

  test('a store that cannot be read', async () => {
    const store: AuditStore = {
      put: () => expect.fail('a read writes nothing'),
      get: async () => ({ ok: false, reason: 'HTTP 503' }),
    };
    await expect(readEarlier(store, report, retry)).rejects.toEqual(
      new AuditStoreError('the audit store cannot be read (HTTP 503)'),
    );
  });
});
