import { describe, expect, test } from 'vitest';
import { pageCollector } from '../../lib/clients/collect-pages.ts';

const collect = (...pages: Parameters<ReturnType<typeof pageCollector<string>>>[0][]) => {
  const add = pageCollector((id: string) => id);
  return pages.map(add).at(-1);
};
const last = { has_next_page: false } as const;
const more = (end_cursor: string | null) => ({ has_next_page: true, end_cursor }) as const;

describe('a listing is complete', () => {
  test.each([
    ['with one page', [{ items: ['a'], ...last }], ['a']],
    ['without an entry', [{ items: [], ...last, total: 0 }], []],
    ['when its last page names a cursor', [{ items: ['a'], ...last, end_cursor: 'z', total: 1 }], ['a']],
    [
      'over several pages',
      [
        { items: ['a'], ...more('1') },
        { items: ['b'], ...last, total: 2 },
      ],
      ['a', 'b'],
    ],
    [
      'when an entry was added meanwhile',
      [
        { items: ['a'], ...more('1'), total: 1 },
        { items: ['b'], ...last, total: 1 },
      ],
      ['a', 'b'],
    ],
    [
      'when an empty page is between',
      [
        { items: ['a'], ...more('1') },
        { items: [], ...more('2') },
        { items: ['b'], ...last },
      ],
      ['a', 'b'],
    ],
  ])('%s', (_, pages, items) => {
    expect(collect(...pages)).toEqual({ status: 'complete', items });
  });
});

describe('a listing is incomplete', () => {
  test.each([
    ['when the next page has no cursor', [{ items: ['a'], ...more(null) }]],
    ['when the next page has an empty cursor', [{ items: ['a'], ...more('') }]],
    [
      'when a page leads to itself',
      [
        { items: ['a'], ...more('1') },
        { items: ['b'], ...more('1') },
      ],
    ],
    [
      'when pages lead back',
      [
        { items: ['a'], ...more('1') },
        { items: ['b'], ...more('2') },
        { items: ['c'], ...more('1') },
      ],
    ],
    [
      'when it is shorter than its total',
      [
        { items: ['a'], ...more('1'), total: 3 },
        { items: ['b'], ...last, total: 3 },
      ],
    ],
    [
      'when an entry comes on two pages',
      [
        { items: ['a', 'b'], ...more('1') },
        { items: ['b', 'c'], ...last },
      ],
    ],
    ['when an entry comes twice on a page', [{ items: ['a', 'a'], ...last }]],
  ])('%s', (_, pages) => {
    expect(collect(...pages)).toMatchObject({ status: 'incomplete', reason: expect.any(String) });
  });
});

test('a page that is followed by another names the cursor of that one', () => {
  expect(collect({ items: ['a'], ...more('1') })).toEqual({ status: 'next', cursor: '1' });
});
