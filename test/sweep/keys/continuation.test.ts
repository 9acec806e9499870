import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { canRetry, continueLater, retryLater, whyStopped } from '../../../lib/sweep/keys/continuation.ts';
import type { SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import type { Continuation } from '../../../lib/sweep/keys/read-order.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

describe('a sweep', () => {
  const reason = 'the kill switch cannot be read (HTTP 503)';
  test.each<[string, SwitchState, Awaited<ReturnType<typeof whyStopped>>]>([
    ['goes on while sweeps may run', { state: 'running' }, undefined],
    ['stops while sweeps are stopped', { state: 'stopped' }, { reason: 'sweeps are stopped', isSet: true }],
    ['stops while the kill switch cannot be read', { state: 'unknown', reason }, { reason, isSet: false }],
  ])('%s', async (_, state, expected) => {
    const killSwitch = { read: async () => state, set: async () => {} };

    expect(await whyStopped({ killSwitch, deadline: Date.now() })).toEqual(expected);
  });

  test.each<[SwitchState, string, string]>([
    [{ state: 'stopped' }, 'SweepStopped', 'sweeps are stopped'],
    [{ state: 'unknown', reason }, 'SweepBlocked', reason],
  ])('counts and logs why it stops: %j', async (state, metric, logged) => {
    await whyStopped({ killSwitch: { read: async () => state, set: async () => {} }, deadline: Date.now() });

    expect(output.entries()).toEqual([
      expect.objectContaining({ [metric]: 1, job: 'sweep-keys' }),
      expect.objectContaining({ level: 'warn', message: 'sweep stops', reason: logged }),
    ]);
  });

  test.each([
    ['all the time of the invocation', 60_000, 60_000],
    ['5 s when little time is left', 1_000, 5_000],
  ])('gives the kill switch %s', async (_, left, given) => {
    vi.useFakeTimers({ now: 0, toFake: ['Date'] });
    const read = vi.fn(async () => ({ state: 'running' }) as const);
    await whyStopped({ killSwitch: { read, set: async () => {} }, deadline: left });

    expect(read).toHaveBeenCalledExactlyOnceWith({ deadline: given });
  });
});

describe('a page that failed', () => {
  const at = (attempt: number): Continuation => ({
    version: 1,
    plan_id: '20261123T030000Z-00000000',
    phase: 'plan',
    page: 2,
    attempt,
  });
  const enqueueContinuation = async () => {};

  test.each<[string, number, boolean, boolean]>([
    ['is tried again', 2, true, true],
    ['is tried five times in all', 5, true, true],
    ['is not tried for a sixth time', 6, true, false],
    ['is not tried again without a further invocation', 2, false, false],
  ])('%s', (_, attempt, isChained, expected) => {
    expect(canRetry(at(attempt), isChained ? { enqueueContinuation } : {})).toBe(expected);
  });

  test('is tried again a minute later for each attempt so far', async () => {
    const queued: unknown[] = [];
    const result = await retryLater(at(3), 'HTTP 503', {
      enqueueContinuation: async (next, delaySeconds) => void queued.push([next, delaySeconds]),
    });

    expect(queued).toEqual([[at(3), 180]]);
    expect(result).toEqual({ status: 'unfinished', plan_id: at(3).plan_id, next: at(3) });
    expect(output.entries()).toEqual([
      expect.objectContaining({ message: 'page failed', ...at(3), reason: 'HTTP 503' }),
      expect.objectContaining({ message: 'sweep continues', ...at(3), chained: true }),
    ]);
  });

  test('is left to a person or a script without a further invocation', async () => {
    const result = await continueLater(at(1), 0, {});

    expect(result).toEqual({ status: 'unfinished', plan_id: at(1).plan_id, next: at(1) });
    expect(output.entries()).toEqual([
      expect.objectContaining({ message: 'sweep continues', chained: false }),
    ]);
  });
});
