import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isLeased, type Lease, TERM_MS, takeLease } from '../../lib/aws/lease.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const START = Date.parse('2026-07-30T08:26:30Z');
const held: Lease[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  for (const lease of held.splice(0)) lease.end();
  vi.useRealTimers();
});

const folder = 'leases/token/x/';

async function take(store = memoryBucket().store): Promise<Lease> {
  const taken = await takeLease({ store, folder });
  if (taken.status !== 'held') throw new Error(`the lease is ${taken.status}`);
  held.push(taken);
  return taken;
}

test('a lease is held by one alone, and says by whom and until when', async () => {
  const { store } = memoryBucket();
  const { holder } = await take(store);

  expect(await takeLease({ store, folder })).toEqual({ status: 'taken', holder, ends: START + TERM_MS });
  expect(await takeLease({ store, folder: 'leases/token/y/' })).toMatchObject({ status: 'held' });
});

test('a lease is kept from term to term for as long as its holder lives', async () => {
  const { store } = memoryBucket();
  const { holder, lost } = await take(store);

  for (let term = 1; term <= 5; term++) {
    await vi.advanceTimersByTimeAsync(TERM_MS);
    expect(await takeLease({ store, folder })).toMatchObject({ status: 'taken', holder });
    expect(await isLeased({ store, folder })).toBe(true);
  }
  expect(lost.aborted).toBe(false);
});

test('a lease whose holder died is free within a term and a half', async () => {
  const { store } = memoryBucket();
  const first = await take(store);
  await vi.advanceTimersByTimeAsync(0.75 * TERM_MS);
  // A container that dies takes no further term; this is all that is seen of it.
  first.end();

  await vi.advanceTimersByTimeAsync(TERM_MS);
  expect(await takeLease({ store, folder })).toMatchObject({ status: 'taken' });
  await vi.advanceTimersByTimeAsync(0.25 * TERM_MS);
  expect(await isLeased({ store, folder })).toBe(false);
  expect((await take(store)).holder).not.toBe(first.holder);
});

test('a holder that was too slow learns that it lost the lease', async () => {
  const { store } = memoryBucket();
  const { lost } = await take(store);
  // Another one has the next term.
  await store.put(`${folder}${START / TERM_MS + 1}.json`, { holder: 'another' }, { deadline: 0 });

  await vi.advanceTimersByTimeAsync(TERM_MS);
  expect(lost.aborted).toBe(true);
});

test('a put that met itself after a lost answer holds the lease', async () => {
  const { store } = memoryBucket();
  const twice = {
    ...store,
    put: async (...args: Parameters<typeof store.put>) => {
      await store.put(...args);
      return store.put(...args);
    },
  };

  expect(await takeLease({ store: twice, folder })).toMatchObject({ status: 'held' });
});

test('a bucket that is down gives no lease, and takes none away', async () => {
  let isDown = false;
  const { store } = memoryBucket(() => isDown);
  const { lost } = await take(store);
  isDown = true;

  expect(await takeLease({ store, folder: 'leases/token/y/' })).toEqual({ status: 'unavailable' });
  expect(await isLeased({ store, folder })).toBe(false);
  await vi.advanceTimersByTimeAsync(3 * TERM_MS);
  expect(lost.aborted).toBe(false);
});
