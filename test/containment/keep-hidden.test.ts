import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AFTERWARDS_SECONDS, HIDDEN_SECONDS, keepHidden } from '../../lib/containment/keep-hidden.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const wait = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve('done'), ms));

test('a message is hidden a minute at a time while the work goes on, and longer once it is over', async () => {
  const calls: [number, number][] = [];
  const hide = async (seconds: number) => {
    calls.push([Date.now() / 1_000, seconds]);
  };
  const working = keepHidden(hide, wait(70_000));
  await vi.advanceTimersByTimeAsync(70_000);

  expect(await working).toBe('done');
  expect(calls).toEqual([
    [0, HIDDEN_SECONDS],
    [20, HIDDEN_SECONDS],
    [40, HIDDEN_SECONDS],
    [60, HIDDEN_SECONDS],
    [70, AFTERWARDS_SECONDS],
  ]);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(calls).toHaveLength(5);
});

test('a heartbeat that is still on its way cannot shorten what is set at the end', async () => {
  const done: number[] = [];
  const hide = async (seconds: number) => {
    await wait(seconds === HIDDEN_SECONDS ? 3_000 : 10);
    done.push(seconds);
  };
  const working = keepHidden(hide, wait(500));
  await vi.advanceTimersByTimeAsync(10_000);

  expect(await working).toBe('done');
  expect(done).toEqual([HIDDEN_SECONDS, AFTERWARDS_SECONDS]);
});

test('work that fails ends the heartbeat too', async () => {
  const hide = vi.fn(async () => {});
  const working = keepHidden(
    hide,
    wait(10).then(() => Promise.reject(new Error('broken'))),
  );
  const failed = expect(working).rejects.toThrow('broken');
  await vi.advanceTimersByTimeAsync(60_000);

  await failed;
  expect(hide).toHaveBeenCalledTimes(2);
});
