import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { listOf } from '../../lib/platform/list-of.ts';

const schema = listOf(z.object({ id: z._default(z.string(), 'none') }));

describe('a list', () => {
  test('is each of its items, as their schema reads them', () => {
    expect(z.parse(schema, [{ id: 'a', more: 1 }, {}])).toEqual([{ id: 'a' }, { id: 'none' }]);
    expect(z.parse(schema, [])).toEqual([]);
  });

  test.each([
    ['is no list', { id: 'a' }],
    ['has an item of another shape', [{ id: 'a' }, { id: 1 }]],
    ['has nothing but those', Array(100_000).fill(null)],
  ])('is not read when it %s, with one issue', (_, value) => {
    expect(z.safeParse(schema, value).error?.issues).toMatchObject([{ code: expect.any(String) }]);
  });
});
