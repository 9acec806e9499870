import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type StopSwitch, stopSwitch } from '../../../lib/sweep/keys/kill-switch.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const retry = { deadline: Number.POSITIVE_INFINITY };
const why = { reason: 'test', requestId: 'request' };

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23), toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function fresh(): StopSwitch {
  const { firstName, store } = memoryBucket();
  return stopSwitch(store, firstName);
}

it('runs until it is turned, and follows the last turn', async () => {
  const stop = fresh();
  expect(await stop.read(retry)).toEqual({ state: 'running' });
  for (const [turn, state] of [
    ['stop', 'stopped'],
    ['stop', 'stopped'],
    ['resume', 'running'],
    ['stop', 'stopped'],
  ] as const) {
    await stop.turn(turn, why, retry);
    expect(await stop.read(retry)).toEqual({ state });
  }
});

it('follows the last turn even when it is made by a clock that is behind', async () => {
  const stop = fresh();
  await stop.turn('resume', why, retry);
  vi.setSystemTime(Date.UTC(2026, 10, 22));
  await stop.turn('stop', why, retry);

  expect(await stop.read(retry)).toEqual({ state: 'stopped' });
});

it('counts as unknown when it can not be read, or holds what it does not know', async () => {
  const down = memoryBucket((name) => name === 'list');
  expect(await stopSwitch(down.store, down.firstName).read(retry)).toMatchObject({ state: 'unknown' });

  const odd = memoryBucket();
  await odd.store.put('control/sweeps/00000000000000-2-maybe.json', {}, retry);
  expect(await stopSwitch(odd.store, odd.firstName).read(retry)).toMatchObject({ state: 'unknown' });
});

it('can be turned to stop although it can not be read, and says when it was not turned', async () => {
  let isDown = true;
  const bucket = memoryBucket((name) => name === 'list' && isDown);
  const stop = stopSwitch(bucket.store, bucket.firstName);
  await stop.turn('stop', why, retry);
  isDown = false;
  expect(await stop.read(retry)).toEqual({ state: 'stopped' });

  const full = memoryBucket((name) => name === 'put');
  await expect(stopSwitch(full.store, full.firstName).turn('stop', why, retry)).rejects.toThrow('not turned');
});
