import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCursor, whyTotalIsWrong } from '../../../lib/sweep/keys/check-listing.ts';
import type { Page } from '../../../lib/sweep/keys/plan.ts';
import { shortHash } from '../../../lib/sweep/keys/short-hash.ts';

/** How many pages are read until a list is noticed that runs into a cycle after a while; `undefined` when it is not. */
function pagesUntilNoticed(tail: number, cycle: number): number | undefined {
  let before: Parameters<typeof checkCursor>[1];
  for (let page = 1; page <= 10 * (tail + cycle) + 10; page++) {
    const next = `cursor-${page < tail ? page : tail + ((page - tail) % cycle)}`;
    const check = checkCursor(next, before);
    if (check.status === 'repeated') return page;
    before = { page, next, earlier_cursor: check.earlier };
  }
  return undefined;
}

test('notices every list that comes again, within a few times its length', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: 1, max: 300 }), (tail, cycle) => {
      const noticed = pagesUntilNoticed(tail, cycle);
      expect(noticed).toBeDefined();
      expect(noticed).toBeLessThanOrEqual(4 * (tail + cycle) + 4);
    }),
  );
});

test('takes no list that ends for one that comes again', () => {
  let before: Parameters<typeof checkCursor>[1];
  for (let page = 1; page <= 5_000; page++) {
    const check = checkCursor(`cursor-${page}`, before);
    if (check.status === 'repeated') throw new Error(`page ${page}`);
    before = { page, next: `cursor-${page}`, earlier_cursor: check.earlier };
  }
  expect(checkCursor(null, before)).toEqual({ status: 'new', earlier: null });
});

const hash = shortHash('cursor');
test.each<[string, Parameters<typeof checkCursor>[1], ReturnType<typeof checkCursor>]>([
  ['compares later pages with the cursor of the first', undefined, { status: 'new', earlier: hash }],
  ['compares later pages with the cursor of the second', at(1), { status: 'new', earlier: hash }],
  ['does not with that of the third', at(2), { status: 'new', earlier: 'earlier' }],
  ['compares later pages with the cursor of the fourth', at(3), { status: 'new', earlier: hash }],
  ['does not with that of the sixth', at(5), { status: 'new', earlier: 'earlier' }],
  [
    'goes on without a cursor to compare with',
    at(2, { earlier_cursor: null }),
    { status: 'new', earlier: null },
  ],
  ['notices the cursor that it was asked with', at(2, { next: 'cursor' }), { status: 'repeated' }],
  ['notices the cursor that it compares with', at(2, { earlier_cursor: hash }), { status: 'repeated' }],
])('%s', (_, before, expected) => {
  expect(checkCursor('cursor', before)).toEqual(expected);
});

function at(page: number, found: Partial<Page> = {}) {
  return { page, next: 'before', earlier_cursor: 'earlier', ...found };
}

test.each([
  [95, { next: null, total: 100 }, undefined],
  [94, { next: null, total: 100 }, 'it lists 94 service users of a total of 100'],
  [10, { next: 'more', total: 100 }, undefined],
  [10, { next: null, total: undefined }, undefined],
  [1_151, { next: 'more', total: 100 }, 'it lists 1151 service users and more, of a total of 100'],
  [1_150, { next: 'more', total: 100 }, undefined],
])('%i service users of the listing %j are judged as they should be', (users, listing, expected) => {
  expect(whyTotalIsWrong(users, listing)).toBe(expected);
});
