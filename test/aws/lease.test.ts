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

test('a lease costs one put, and nothing of the term before it', async () => {
  const asked: unknown[] = [];
  const { store } = memoryBucket();
  const noting: typeof store = {
    get(path, limit) {
      asked.push(['get', path, limit]);
      return store.get(path, limit);
    },
    put(path, record, limit) {
      asked.push(['put', path, limit]);
      return store.put(path, record, limit);
    },
  };
  await take(noting);
  await vi.advanceTimersByTimeAsync(100);
  const limit = { deadline: START + 3_000, attempts: 3, timeoutMs: 1_500 };
  expect(asked).toEqual([['put', `${folder}${START / TERM_MS}.json`, limit]]);

  asked.length = 0;
  await isLeased({ store: noting, folder });
  expect(asked).toEqual([['get', `${folder}${START / TERM_MS}.json`, { ...limit, deadline: START + 3_100 }]]);
});

test('a lease that ended takes no further term, though one was on its way', async () => {
  const { store } = memoryBucket();
  const { promise: onTheWay, resolve: arrive } = Promise.withResolvers<void>();
  let puts = 0;
  const slow: typeof store = {
    ...store,
    async put(...args) {
      puts += 1;
      if (puts === 2) await onTheWay;
      return store.put(...args);
    },
  };
  const lease = await take(slow);
  await vi.advanceTimersByTimeAsync(0.5 * TERM_MS);
  lease.end();
  arrive();
  await vi.advanceTimersByTimeAsync(3 * TERM_MS);

  expect(puts).toBe(2);
});

test.each([
  [
    'cannot be read',
    (bucket: ReturnType<typeof memoryBucket>) => bucket.failing((name) => name === 'get').store,
  ],
  [
    'cannot be written',
    (bucket: ReturnType<typeof memoryBucket>) => bucket.failing((name) => name === 'put').store,
  ],
])('a lease of which another one has the term is not known in a bucket that %s', async (_, failing) => {
  const bucket = memoryBucket();
  await take(bucket.store);

  expect(await takeLease({ store: failing(bucket), folder })).toEqual({ status: 'unavailable' });
});

test('a term that is not readable names no holder', async () => {
  const { store } = memoryBucket();
  await store.put(`${folder}${START / TERM_MS}.json`, { holder: '../x' }, { deadline: 0 });

  expect(await takeLease({ store, folder })).toEqual({ status: 'unavailable' });
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
