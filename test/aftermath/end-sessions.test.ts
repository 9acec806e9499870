import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decideEnd, type EndRules, endSessions, planEnds } from '../../lib/aftermath/end-sessions.ts';
import { isOver, type KeptSession } from '../../lib/aftermath/read-sessions.ts';
import type { SessionEndAnswer } from '../../lib/clients/devin-activity.ts';

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
  const unproven = (seen: string) => ({
    end: 'unproven',
    reason: `its end is not proven: ${seen}`,
    retryable: true,
  });
  const failed = ({ reason, retryable }: typeof refused | typeof lost) => ({
    end: 'failed',
    reason,
    retryable,
  });
  test.each([
    ['accepted, and read as exit', accepted, 'exit', { end: 'ended', status: 'exit' }],
    ['accepted, and still running', accepted, 'running', unproven('it shows running')],
    ['accepted, and in error', accepted, 'error', unproven('it shows error')],
    ['accepted, and not listed', accepted, undefined, unproven('the list does not show it')],
    ['without an answer, and read as exit', lost, 'exit', { end: 'ended', status: 'exit' }],
    ['without an answer, and in error', lost, 'error', unproven('it shows error')],
    ['without an answer, and still running', lost, 'running', failed(lost)],
    ['without an answer, and not listed', lost, undefined, failed(lost)],
    ['refused, and read as exit', refused, 'exit', { end: 'ended_by_itself', status: 'exit' }],
    ['refused, and in error', refused, 'error', { end: 'ended_by_itself', status: 'error' }],
    ['refused, and still running', refused, 'running', failed(refused)],
    ['refused, and not listed', refused, undefined, failed(refused)],
  ] as const)('%s', (_, answer, status, expected) => {
    expect(decideEnd(answer, status)).toEqual(expected);
  });
});

describe('sessions are ended', () => {
  const START = Date.parse('2026-07-30T08:26:40Z');
  beforeEach(() => void vi.useFakeTimers({ now: START }));
  afterEach(() => void vi.useRealTimers());
  const accepted: SessionEndAnswer = { status: 'accepted' };
  const refused: SessionEndAnswer = {
    status: 'failed',
    reason: 'HTTP 404',
    retryable: false,
    uncertain: false,
  };

  interface World {
    readonly sessions?: readonly KeptSession[];
    /** The session whose intent is not stored. */
    readonly noIntent?: string;
    readonly answer?: SessionEndAnswer;
    /** What is read of all sessions so many milliseconds later; `undefined`: they cannot be read. */
    readonly status?: (ms: number) => string | undefined;
    readonly deadline?: number;
  }

  async function end({ answer = accepted, deadline = START + 60_000, sessions = two, ...world }: World) {
    const steps: string[] = [];
    const readings: number[] = [];
    const retry = { deadline };
    const ending = endSessions(sessions, {
      devin: {
        endSession: async ({ session_id }, options) => {
          expect(options).toBe(retry);
          steps.push(`end ${session_id}`);
          return answer;
        },
      },
      recordIntent: async ({ session_id }) => {
        steps.push(`intent ${session_id}`);
        return session_id !== world.noIntent;
      },
      readAgain: async () => {
        const ms = Date.now() - START;
        readings.push(ms);
        const status = (world.status ?? (() => 'exit'))(ms);
        return status === undefined ? undefined : sessions.map((one) => ({ ...one, status }));
      },
      proofWindowMs: 5_000,
      retry,
    });
    const endedAfter = ending.then(() => Date.now() - START);
    await vi.advanceTimersByTimeAsync(120_000);
    return {
      results: Object.fromEntries(await ending),
      steps,
      readings,
      endedAfter: await endedAfter,
    };
  }
  const [running, suspended] = ['devin-running', 'devin-suspended'];
  const ended = { end: 'ended', status: 'exit' };

  test('each with its intent stored before, and are read once when that shows', async () => {
    const { endedAfter, readings, results, steps } = await end({});

    expect(results).toEqual({ [running]: ended, [suspended]: ended });
    expect(steps.indexOf(`intent ${running}`)).toBeLessThan(steps.indexOf(`end ${running}`));
    expect(steps).toHaveLength(4);
    expect(readings).toEqual([0]);
    expect(endedAfter).toBe(0);
  });

  test('never without a stored intent', async () => {
    const { results, steps } = await end({ noIntent: running });

    expect(results).toEqual({
      [running]: {
        end: 'failed',
        reason: 'nothing is ended without a stored intent',
        retryable: true,
      },
      [suspended]: ended,
    });
    expect(steps).not.toContain(`end ${running}`);
  });

  test('and nothing is read when none was ended', async () => {
    const { readings } = await end({ noIntent: running, sessions: [session('running')] });

    expect(readings).toEqual([]);
  });

  test('four at a time', async () => {
    const sessions = Array.from({ length: 6 }, (_, at) => session('running', { session_id: `devin-${at}` }));
    const { steps } = await end({ sessions });

    expect(steps.slice(0, 4)).toEqual([
      'intent devin-0',
      'intent devin-1',
      'intent devin-2',
      'intent devin-3',
    ]);
  });

  test('and are read again, less and less often, until their end shows', async () => {
    const { readings, results } = await end({ status: (ms) => (ms < 1_000 ? 'running' : 'exit') });

    expect(results).toEqual({ [running]: ended, [suspended]: ended });
    expect(readings).toEqual([0, 250, 750, 1_750]);
  });

  test('and a refused one is not waited for', async () => {
    const { readings, results } = await end({ answer: refused, status: () => 'running' });

    expect(results[running]).toEqual({ end: 'failed', reason: 'HTTP 404', retryable: false });
    expect(readings).toEqual([0]);
  });

  const unproven = (seen: string) => ({
    end: 'unproven',
    reason: `its end is not proven: ${seen}`,
    retryable: true,
  });
  test.each<[string, World, string, number[]]>([
    [
      'within the proof window alone',
      { status: () => 'running' },
      'it shows running',
      // The next reading would come at 7,750.
      [0, 250, 750, 1_750, 3_750],
    ],
    [
      'within the time of the invocation alone',
      { status: () => 'running', deadline: START + 1_000 },
      'it shows running',
      [0, 250, 750],
    ],
    [
      'up to the very end of the window',
      { status: () => 'running', deadline: START + 750 },
      'it shows running',
      [0, 250],
    ],
    [
      'and are not proven while they cannot be read',
      { status: () => undefined },
      'the list does not show it',
      [0, 250, 750, 1_750, 3_750],
    ],
  ])('%s', async (_, world, seen, expected) => {
    const { readings, results } = await end(world);

    expect(results).toEqual({ [running]: unproven(seen), [suspended]: unproven(seen) });
    expect(readings).toEqual(expected);
  });
});
