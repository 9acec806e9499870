import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuditStoreError } from '../../lib/audit/read-earlier.ts';
import { historyOf, readHistory } from '../../lib/audit/read-history.ts';
import { recordFolder } from '../../lib/audit/record-path.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';
import { report } from '../support/samples.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const sent = (deletion: Deletion): string => {
  const { api_key_id, sent_at, service_user_id } = deletion;
  return JSON.stringify({
    unmapped: { kind: 'intent', service_user_id, api_key_id, delete_sent_at: sent_at },
  });
};
const attempt = (deletions: readonly Deletion[]): string =>
  JSON.stringify({ unmapped: { kind: 'attempt', status: 'failed', deletions } });

test('a DELETE whose delivery recorded no answer is unanswered', () => {
  expect(historyOf([sent({ ...key, sent_at: 1, answer: 'revoked' })])).toEqual({
    deletions: [{ ...key, sent_at: 1, answer: 'unanswered' }],
    collateral: [],
  });
});

test('what is not a record is passed over', () => {
  expect(historyOf(['', '{', '{"unmapped":{}}'])).toEqual({ deletions: [], collateral: [] });
});

test('DELETEs are in the order in which they were sent, whichever are answered', () => {
  const at = (sent_at: number, answer: Deletion['answer']) => ({ ...key, sent_at, answer });
  const texts = [sent(at(3, 'unanswered')), sent(at(1, 'unanswered')), attempt([at(2, 'revoked')])];
  expect(historyOf(texts).deletions).toEqual([at(1, 'unanswered'), at(2, 'revoked'), at(3, 'unanswered')]);
});

test('keys that were not the leaked one are told once, and that one was our own is not forgotten', () => {
  const other = (api_key_id: string) => ({ api_key_id, api_key_name: 'ci', replace_with: 'POST …/rotate' });
  const texts = [
    { unmapped: { own_key: true, collateral: [other('key-1')] } },
    { unmapped: { collateral: [other('key-1'), other('key-2')] } },
  ];
  expect(historyOf(texts.map((text) => JSON.stringify(text)))).toStrictEqual({
    deletions: [],
    collateral: [other('key-1'), other('key-2')],
    own_key: true,
  });
});

test('no key was our own unless a record says so', () => {
  expect(historyOf([attempt([])])).toStrictEqual({ deletions: [], collateral: [] });
});

describe('the history of a report', () => {
  const folder = recordFolder(report);
  const deleted = { ...key, sent_at: 1, answer: 'revoked' } as const;
  const names = ['10-intent', '30-delete-1-key-a', '50-attempt-1', '90-outcome'];
  const list = async (prefix: string, { deadline }: { deadline: number }) =>
    prefix === folder && deadline === 1
      ? names.map((name) => ({ key: `${folder}${name}.json`, size: 1, storedAt: 1 }))
      : [];
  const read: string[] = [];
  const storeThat = (get: AuditStore['get']) => ({
    list,
    store: {
      put: () => expect.fail('a read writes nothing'),
      get: (path: string, retry: Parameters<AuditStore['get']>[1]) => {
        read.push(path.slice(folder.length));
        return get(path, retry);
      },
    },
  });

  test('is read from the records of DELETEs and attempts alone', async () => {
    read.length = 0;
    const parts = storeThat(async (path) => ({
      ok: true,
      text: path.includes('/30-') ? sent(deleted) : attempt([deleted]),
    }));
    expect(await readHistory(parts, report, { deadline: 1 })).toEqual({
      deletions: [deleted],
      collateral: [],
    });
    expect(read).toEqual(['30-delete-1-key-a.json', '50-attempt-1.json']);
  });

  test('passes over a record that is gone by now', async () => {
    const parts = storeThat(async () => ({ ok: true, text: undefined }));
    expect(await readHistory(parts, report, { deadline: 1 })).toEqual({ deletions: [], collateral: [] });
  });

  test('is not taken for empty when a record cannot be read', async () => {
    const parts = storeThat(async () => ({ ok: false, reason: 'HTTP 503' }));
    await expect(readHistory(parts, report, { deadline: 1 })).rejects.toEqual(
      new AuditStoreError('the audit store cannot be read (HTTP 503)'),
    );
  });
});

const deletions = fc.uniqueArray(
  fc.record({
    service_user_id: fc.constant('service-user-a'),
    api_key_id: fc.constantFrom('key-a', 'key-b', 'key-c'),
    sent_at: fc.integer({ min: 1, max: 50 }),
    answer: fc.constantFrom('revoked', 'already_revoked', 'absent', 'refused'),
  }),
  { selector: ({ api_key_id, sent_at }) => `${sent_at} ${api_key_id}` },
);

test('each DELETE is told once, by its answer where that is on record, however deliveries were cut short', () => {
  fc.assert(
    fc.property(
      deletions,
      fc.infiniteStream(fc.boolean()),
      fc.infiniteStream(fc.boolean()),
      (all, marks, ends) => {
        const known = all.map((deletion) => ({
          deletion,
          isMarked: marks.next().value === true,
          isAnswered: ends.next().value === true,
        }));
        const texts = [
          ...known.flatMap(({ deletion, isMarked }) => (isMarked ? [sent(deletion)] : [])),
          // An attempt repeats what earlier ones recorded.
          ...known.flatMap(({ isAnswered }, index) =>
            isAnswered
              ? [attempt(known.slice(0, index + 1).flatMap((one) => (one.isAnswered ? [one.deletion] : [])))]
              : [],
          ),
        ];

        const expected = known.flatMap(({ deletion, isAnswered, isMarked }) =>
          isAnswered ? [deletion] : isMarked ? [{ ...deletion, answer: 'unanswered' }] : [],
        );
        const bySending = (a: { sent_at: number; api_key_id: string }, b: typeof a) =>
          a.sent_at - b.sent_at || (a.api_key_id < b.api_key_id ? -1 : 1);
        expect([...historyOf(texts).deletions].sort(bySending)).toEqual(expected.sort(bySending));
      },
    ),
  );
});
