import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canRetry, retryLater, whyStopped } from '../../../lib/sweep/keys/continuation.ts';
import type { SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import type { Continuation } from '../../../lib/sweep/keys/read-order.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

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
  });
});
