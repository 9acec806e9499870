import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCursor, whyTotalIsWrong } from '../../../lib/sweep/keys/check-listing.ts';

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
