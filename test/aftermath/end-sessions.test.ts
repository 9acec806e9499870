import { describe, expect, test } from 'vitest';
import { decideEnd, type EndRules, planEnds } from '../../lib/aftermath/end-sessions.ts';
import { isOver, type KeptSession } from '../../lib/aftermath/read-sessions.ts';

const session = (status: string, given: Partial<KeptSession> = {}): KeptSession => ({
  session_id: `devin-${status}`,
  org_id: 'org-1',
  status,
  created_at: 1,
  pull_requests: [],
  child_session_ids: [],
  isNamed: true,
  ...given,
});
const rules: EndRules = { mode: 'terminate', dryRun: false, ownKey: false, max: 2, isComplete: true };
const two = [session('running'), session('suspended')];

test.each([
  ['new', false],
  ['creating', false],
  ['claimed', false],
  ['running', false],
  ['suspended', false],
  ['resuming', false],
  ['a status of a later version', false],
  ['exit', true],
  ['error', true],
])('a session with the status %s: over %s', (status, over) => {
  expect(isOver(status)).toBe(over);
});

describe('the plan', () => {
  test.each<[string, KeptSession[], Partial<EndRules>, object]>([
    ['ends what runs', [...two, session('exit')], {}, { status: 'end', sessions: two }],
    ['ends as many as the cap', two, { max: 2 }, { status: 'end' }],
    ['ends none above the cap', two, { max: 1 }, { status: 'escalated', reason: /2 sessions run.*\(1\)/ }],
    ['ends none with a cap of 0', [session('running')], { max: 0 }, { status: 'escalated' }],
    ['does nothing where nothing runs', [session('exit')], { max: 0 }, { status: 'none' }],
    ['does nothing in the mode report', two, { mode: 'report', isComplete: false }, { status: 'none' }],
    [
      'ends none of an incomplete list',
      two,
      { isComplete: false },
      { status: 'escalated', reason: /not all/ },
    ],
    ['ends none of an empty incomplete list', [], { isComplete: false }, { status: 'escalated' }],
    ['ends none of our own', two, { ownKey: true }, { status: 'escalated', reason: /of this software/ }],
    [
      'ends none where one does not name its service user',
      [session('running'), session('suspended', { isNamed: false })],
      {},
      { status: 'escalated', reason: /do not name/ },
    ],
    ['rehearses', two, { dryRun: true }, { status: 'would_end', sessions: two }],
    ['rehearses the cap too', two, { dryRun: true, max: 1 }, { status: 'escalated' }],
  ])('%s', (_, sessions, changes, expected) => {
    const plan = planEnds(sessions, { ...rules, ...changes });
    const { reason, ...rest } = { reason: undefined, ...expected };
    expect(plan).toMatchObject(rest);
    if (reason !== undefined) expect(plan).toMatchObject({ reason: expect.stringMatching(reason) });
  });
});

describe('the end of a session', () => {
  const accepted = { status: 'accepted' } as const;
  const refused = { status: 'failed', reason: 'HTTP 404', retryable: false, uncertain: false } as const;
  const lost = { ...refused, reason: 'no answer', retryable: true, uncertain: true } as const;
  test.each([
    ['accepted, and read as exit', accepted, 'exit', 'ended'],
    ['accepted, and still running', accepted, 'running', 'unproven'],
    ['accepted, and in error', accepted, 'error', 'unproven'],
    ['accepted, and not listed', accepted, undefined, 'unproven'],
    ['without an answer, and read as exit', lost, 'exit', 'ended'],
    ['without an answer, and in error', lost, 'error', 'unproven'],
    ['without an answer, and still running', lost, 'running', 'failed'],
    ['without an answer, and not listed', lost, undefined, 'failed'],
    ['refused, and read as exit', refused, 'exit', 'ended_by_itself'],
    ['refused, and in error', refused, 'error', 'ended_by_itself'],
    ['refused, and still running', refused, 'running', 'failed'],
    ['refused, and not listed', refused, undefined, 'failed'],
  ] as const)('%s', (_, answer, status, end) => {
    expect(decideEnd(answer, status).end).toBe(end);
  });
});
