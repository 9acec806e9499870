import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertListing } from '../../../lib/clients/github-alert-list.ts';
import { type Listing, listPage } from '../../../lib/sweep/alerts/list-alerts.ts';

const NOW = Date.UTC(2026, 10, 24);
const DEADLINE = NOW + 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pageOf = (next?: string): AlertListing => ({ ok: true, alerts: [], malformed: 2, next });
const limited = (retryAt?: number): AlertListing => ({
  ok: false,
  reason: 'rate limit',
  retryable: true,
  ...(retryAt !== undefined && { retryAt }),
});

/** Asks for one page of a listing; the answers come one after the other. */
async function list(answers: readonly AlertListing[], given: Partial<Listing> = {}) {
  const listing: Listing = { org: 'acme', after: undefined, used: new Set(), ...given };
  const asked: unknown[] = [];
  const listOpenAlerts = async (...args: unknown[]) => {
    asked.push(args);
    return answers[asked.length - 1] ?? expect.fail('no further answer');
  };
  const github = { listOpenAlerts };
  const page = listPage(listing, { github, secretTypes: ['devin_api_key'], deadline: DEADLINE });
  await vi.runAllTimersAsync();
  return { page: await page, listing, asked, took: Date.now() - NOW };
}

test('a page is asked for with its cursor, and says where the next one begins', async () => {
  const { asked, listing, page } = await list([pageOf('after=b')], { after: 'after=a' });

  const where = { org: 'acme', secretTypes: ['devin_api_key'], after: 'after=a' };
  expect(asked).toEqual([[where, { deadline: DEADLINE }]]);
  expect(page).toEqual({ status: 'page', alerts: [], malformed: 2, isLast: false });
  expect(listing).toEqual({ org: 'acme', after: 'after=b', used: new Set(['after=b']) });
});

test('the last page has no next one', async () => {
  const { listing, page } = await list([pageOf()], { after: 'after=a' });

  expect(page).toMatchObject({ isLast: true });
  expect(listing).toEqual({ org: 'acme', after: undefined, used: new Set() });
});

test('a cursor that comes again is refused, and is not continued with', async () => {
  const { listing, page } = await list([pageOf('after=a')], { after: 'after=b', used: new Set(['after=a']) });

  expect(page).toEqual({ status: 'refused', reason: "GitHub's listing repeats the same page" });
  expect(listing.after).toBe('after=b');
});

test('nothing is asked for once the time is over', async () => {
  vi.setSystemTime(DEADLINE);
  expect((await list([])).page).toEqual({ status: 'out_of_time' });

  vi.setSystemTime(DEADLINE - 1);
  expect((await list([pageOf()])).page).toMatchObject({ status: 'page' });
});

describe('a rate limit', () => {
  test.each([
    ['that ends in time is waited for', NOW + 30_000, 30_000],
    ['that ends a second and a bit before the deadline is waited for', DEADLINE - 1_001, 58_999],
    ['that is over is waited for by a second', NOW - 5_000, 1_000],
  ])('%s', async (_, retryAt, took) => {
    const found = await list([limited(retryAt), pageOf()]);

    expect(found).toMatchObject({ page: { status: 'page' }, took });
  });

  test.each([
    ['that ends too late', DEADLINE - 1_000],
    ['that has no known end', undefined],
  ])('%s is a refusal', async (_, retryAt) => {
    const { page, took } = await list([limited(retryAt)]);

    expect({ page, took }).toEqual({ page: { status: 'refused', reason: 'rate limit' }, took: 0 });
  });
});
