import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parseJson } from '../../lib/platform/parse-json.ts';

test('what is no JSON is nothing, even where nothing has a default', () => {
  expect(parseJson('not JSON', z._default(z.string(), 'x'))).toBeUndefined();
});

test.each([
  ['of the shape is read', '{"id":"a","more":1}', { id: 'a' }],
  ['of another shape is nothing', '{"id":1}', undefined],
  ['that is none is nothing', 'not JSON', undefined],
])('JSON %s', (_, text, expected) => {
  expect(parseJson(text, z.object({ id: z.string() }))).toEqual(expected);
});
