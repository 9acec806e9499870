import { expect, test, vi } from 'vitest';
import { keepState, readState, type State } from '../../../lib/audit/reconcile/state.ts';
import type { FirstName } from '../../../lib/aws/list-objects.ts';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const NOW = Date.parse('2026-07-30T12:00:00Z');
const DEADLINE = NOW + 60_000;
const END_OF_TIME = 99_999_999_999_999;
const stateOf = (through: string): State => ({ version: 1, through, open: [] });

const at = ({ firstName, store }: { firstName: FirstName; store: AuditStore }, now = NOW) => ({
  firstName,
  store,
  now,
  deadline: DEADLINE,
});

test('before the first run, the notes of 28 days are to be read', async () => {
  expect(await readState(at(memoryBucket()))).toEqual({
    at: 0,
    state: { version: 1, through: 'index/open/date=2026-07-02/1200/', open: [] },
  });
});

test('the state that was kept last applies, even that of a clock that was ahead', async () => {
  const bucket = memoryBucket();
  const first = await keepState(stateOf('a'), await readState(at(bucket)), at(bucket, NOW + 5_000));
  expect(first).toEqual({ at: NOW + 5_000, state: stateOf('a') });
  const second = await keepState(stateOf('b'), first, at(bucket));
  expect(second).toEqual({ at: NOW + 5_001, state: stateOf('b') });
  const third = await keepState(stateOf('c'), second, at(bucket, NOW + 60_000));

  expect(third.at).toBe(NOW + 60_000);
  expect(await readState(at(bucket))).toEqual(third);
  expect(await bucket.firstName({ prefix: '' }, { deadline: DEADLINE })).toEqual({
    ok: true,
    name: `state/reconcile/${END_OF_TIME - NOW - 60_000}.json`,
  });
});

test('a state that did not change is not stored again', async () => {
  const bucket = memoryBucket();
  const put = vi.spyOn(bucket.store, 'put');
  const kept = await keepState(stateOf('a'), await readState(at(bucket)), at(bucket));

  expect(await keepState(stateOf('a'), kept, at(bucket, NOW + 60_000))).toBe(kept);
  expect(put).toHaveBeenCalledTimes(1);
});

test.each([
  ['list', 'the state cannot be found: HTTP 503'],
  ['get', 'is not readable'],
  ['put', 'the state is not stored: HTTP 503'],
])('a bucket in which %s fails throws', async (down, message) => {
  const bucket = memoryBucket();
  const kept = await keepState(stateOf('a'), await readState(at(bucket)), at(bucket));
  const failing = bucket.failing((name) => name === down);
  const run = async () => {
    await readState(at(failing));
    await keepState(stateOf('b'), kept, at(failing));
  };

  await expect(run()).rejects.toMatchObject({
    name: 'ReconcileError',
    code: 'reconcile',
    message: expect.stringContaining(message),
  });
});

test.each([
  ['of another version', '00000000000001.json', { version: 2, through: '', open: [] }],
  ['without a time in its name', 'latest-of-them.json', stateOf('a')],
])('a state %s is not read', async (_, name, state) => {
  const bucket = memoryBucket();
  await bucket.store.put(`state/reconcile/${name}`, state, { deadline: DEADLINE });

  await expect(readState(at(bucket))).rejects.toThrow(`the state state/reconcile/${name} is not readable`);
});

test('a state that is listed and not found is not read', async () => {
  const bucket = memoryBucket();
  await keepState(stateOf('a'), await readState(at(bucket)), at(bucket));
  const store: AuditStore = { ...bucket.store, get: async () => ({ ok: true, text: undefined }) };

  await expect(readState(at({ ...bucket, store }))).rejects.toThrow('is not readable');
});

test('of two runs at once, the one that comes second fails', async () => {
  const bucket = memoryBucket();
  const before = await readState(at(bucket));
  await keepState(stateOf('a'), before, at(bucket));

  await expect(keepState(stateOf('b'), before, at(bucket))).rejects.toThrow(
    'the state is not stored: another',
  );
});

test('each call has the time of the invocation', async () => {
  const { firstName, store } = memoryBucket();
  const retries: unknown[] = [];
  const bucket = {
    firstName: ((keys, retry) => {
      retries.push(retry);
      return firstName(keys, retry);
    }) satisfies FirstName,
    store: {
      put: (path, record, retry) => {
        retries.push(retry);
        return store.put(path, record, retry);
      },
      get: (path, retry) => {
        retries.push(retry);
        return store.get(path, retry);
      },
    } satisfies AuditStore,
  };
  await keepState(stateOf('a'), await readState(at(bucket)), at(bucket));
  await readState(at(bucket));

  const reading = { deadline: DEADLINE, attempts: 4 };
  expect(retries).toEqual([reading, { deadline: DEADLINE, attempts: 6 }, reading, reading]);
});
