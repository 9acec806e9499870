import { expect, test } from 'vitest';
import { judgeDrill, type Sighted } from '../../lib/drill/judge-drill.ts';

const key = { service_user_id: 'service-user-drills', api_key_id: 'key-drill' };
const deletion = { ...key, sent_at: 0, answer: 'revoked' };
const good: Sighted = {
  key,
  outcome: { status: 'revoked', ...key, deletions: [deletion] },
  alive: undefined,
  seconds: 2,
  limitSeconds: 60,
};

test('a drill passes when the right key is dead, on record, in time', () => {
  expect(judgeDrill(good)).toEqual({ status: 'passed', problems: [] });
  expect(judgeDrill({ ...good, seconds: 60 })).toEqual({ status: 'passed', problems: [] });
});

test('a drill is late when all is well after the limit', () => {
  expect(judgeDrill({ ...good, seconds: 60.1 })).toEqual({
    status: 'late',
    problems: ['it took 60.1 s, over the limit of 60 s'],
  });
});

test.each<[string, Partial<Sighted>, string[]]>([
  [
    'there is no outcome',
    { outcome: undefined, seconds: undefined },
    ['the report has no outcome on record'],
  ],
  [
    'it ended otherwise',
    { outcome: { status: 'escalated', reason: 'two keys' } },
    ['the outcome is escalated: two keys'],
  ],
  [
    'it was dead before',
    { outcome: { status: 'already_revoked', ...key } },
    ['the outcome is already_revoked'],
  ],
  [
    'another key is named',
    { outcome: { status: 'revoked', ...key, api_key_id: 'key-other', deletions: [deletion] } },
    ['the outcome names another key'],
  ],
  ['no key is named', { outcome: { status: 'revoked' } }, ['the outcome names another key']],
  [
    'another key was deleted too',
    {
      outcome: { status: 'revoked', ...key, deletions: [deletion, { ...deletion, api_key_id: 'key-other' }] },
    },
    ['other keys were deleted: key-other'],
  ],
  ['the token lives', { alive: 'it answers 200' }, ['the token is not proven dead: it answers 200']],
  ['there is no proof on record', { seconds: undefined }, ['the record holds no proof']],
  [
    'several things went wrong, however late it was',
    { outcome: { status: 'still_alive' }, alive: 'it answers 200', seconds: 90 },
    ['the outcome is still_alive', 'the token is not proven dead: it answers 200'],
  ],
])('a drill fails when %s', (_title, changes, problems) => {
  expect(judgeDrill({ ...good, ...changes })).toEqual({ status: 'failed', problems });
});
