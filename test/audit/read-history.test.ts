import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf } from '../../lib/audit/read-history.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';

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
