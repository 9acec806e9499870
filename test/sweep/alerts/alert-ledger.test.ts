import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { type AlertLedger, EMPTY_LEDGER, ledgerStore } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const NOW = Date.UTC(2026, 10, 24);
const RETRY = { deadline: NOW + 60_000, attempts: 4 };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ledgerOf = (backlog_until: number): AlertLedger => ({
  version: 1,
  resume: { acme: 'after=a' },
  backlog_until,
  alerts: {
    'acme/webshop/1': {
      action: 'created',
      at: NOW,
      updated: NOW,
      public: false,
      active: true,
      phase: 'waiting',
      queued: 1,
      due: NOW,
    },
  },
});

test('before the first run, the ledger is empty', async () => {
  const { firstName, store } = memoryBucket();

  expect(await ledgerStore(store, firstName).read(RETRY)).toEqual(EMPTY_LEDGER);
});

test.each([
  ['a later one', 60_000],
  ['one of the same millisecond', 0],
  ['one of a clock that is behind', -3_600_000],
])('the ledger that was written last applies: %s', async (_, later) => {
  const { firstName, store } = memoryBucket();
  const ledgers = ledgerStore(store, firstName);
  await ledgers.write(ledgerOf(1), RETRY);
  vi.setSystemTime(NOW + later);
  await ledgers.write(ledgerOf(2), RETRY);
  await ledgers.write(ledgerOf(3), RETRY);

  expect(await ledgers.read(RETRY)).toEqual(ledgerOf(3));
});

test('a ledger is named by its time, counted backwards', async () => {
  const { firstName, store } = memoryBucket();
  await ledgerStore(store, firstName).write(ledgerOf(1), RETRY);

  const name = `sweeps/alerts/${99_999_999_999_999 - NOW}.json`;
  expect(await firstName({ prefix: '' }, RETRY)).toEqual({ ok: true, name });
});

test('an object of another name is not taken for the time of a ledger', async () => {
  const { firstName, store } = memoryBucket();
  await store.put('sweeps/alerts/00000000000000.json.bak', {}, RETRY);
  await ledgerStore(store, firstName).write(ledgerOf(1), RETRY);

  expect(await store.get(`sweeps/alerts/${99_999_999_999_999 - NOW}.json`, RETRY)).toMatchObject({
    text: JSON.stringify(ledgerOf(1)),
  });
});

describe('a ledger', () => {
  const stored = async () => {
    const bucket = memoryBucket();
    await ledgerStore(bucket.store, bucket.firstName).write(ledgerOf(1), RETRY);
    return bucket;
  };

  test.each([
    ['list', 'the ledger of alerts cannot be listed (HTTP 503)'],
    ['get', 'the ledger of alerts cannot be read (HTTP 503)'],
  ])('is not read when %s fails', async (down, message) => {
    const { firstName, store } = (await stored()).failing((name) => name === down);

    await expect(ledgerStore(store, firstName).read(RETRY)).rejects.toMatchObject({
      name: 'LedgerError',
      code: 'alert_ledger',
      message,
    });
  });

  test.each([
    ['list', 'the ledger of alerts cannot be listed (HTTP 503)'],
    ['put', 'the ledger of alerts is not stored: HTTP 503'],
  ])('is not written when %s fails', async (down, message) => {
    const { firstName, store } = (await stored()).failing((name) => name === down);

    await expect(ledgerStore(store, firstName).write(ledgerOf(2), RETRY)).rejects.toThrow(message);
  });

  test('of another version is not read', async () => {
    const { firstName, store } = memoryBucket();
    await store.put('sweeps/alerts/00000000000001.json', { ...EMPTY_LEDGER, version: 2 }, RETRY);

    await expect(ledgerStore(store, firstName).read(RETRY)).rejects.toThrow(
      'sweeps/alerts/00000000000001.json is not readable',
    );
  });

  test('that is listed and not found is not read', async () => {
    const { firstName, store } = await stored();
    const gone: AuditStore = { ...store, get: async () => ({ ok: true, text: undefined }) };

    await expect(ledgerStore(gone, firstName).read(RETRY)).rejects.toThrow('is not readable');
  });

  test('is not written over one that another run wrote meanwhile', async () => {
    const { firstName, store } = await stored();
    const taken: AuditStore = { ...store, put: async () => ({ result: 'exists' }) };

    await expect(ledgerStore(taken, firstName).write(ledgerOf(2), RETRY)).rejects.toThrow(
      'the ledger of alerts is not stored: another run wrote it',
    );
  });
});
