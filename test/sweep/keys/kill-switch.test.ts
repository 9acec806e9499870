import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type KillSwitch, killSwitch } from '../../../lib/sweep/keys/kill-switch.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const retry = { deadline: Number.POSITIVE_INFINITY };
const why = { reason: 'test', requestId: 'request' };

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23), toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function fresh(): KillSwitch {
  const { firstName, store } = memoryBucket();
  return killSwitch(store, firstName);
}

test('runs until it is turned, and follows the last turn', async () => {
  const stop = fresh();
  expect(await stop.read(retry)).toEqual({ state: 'running' });
  for (const [turn, state] of [
    ['stop', 'stopped'],
    ['stop', 'stopped'],
    ['resume', 'running'],
    ['stop', 'stopped'],
  ] as const) {
    await stop.set(turn, why, retry);
    expect(await stop.read(retry)).toEqual({ state });
  }
});

test('follows the last turn even when it is made by a clock that is behind', async () => {
  const stop = fresh();
  await stop.set('resume', why, retry);
  vi.setSystemTime(Date.UTC(2026, 10, 22));
  await stop.set('stop', why, retry);

  expect(await stop.read(retry)).toEqual({ state: 'stopped' });
});

test('counts as unknown when it cannot be read, or when its newest object has an unknown name', async () => {
  const down = memoryBucket((name) => name === 'list');
  expect(await killSwitch(down.store, down.firstName).read(retry)).toMatchObject({ state: 'unknown' });

  const odd = memoryBucket();
  await odd.store.put('control/sweeps/00000000000000-2-maybe.json', {}, retry);
  expect(await killSwitch(odd.store, odd.firstName).read(retry)).toMatchObject({ state: 'unknown' });
});

test('can be set although it cannot be read, and reports when it was not set', async () => {
  let isDown = true;
  const bucket = memoryBucket((name) => name === 'list' && isDown);
  const stop = killSwitch(bucket.store, bucket.firstName);
  await stop.set('stop', why, retry);
  isDown = false;
  expect(await stop.read(retry)).toEqual({ state: 'stopped' });

  const full = memoryBucket((name) => name === 'put');
  await expect(killSwitch(full.store, full.firstName).set('stop', why, retry)).rejects.toThrow('not set');
});
