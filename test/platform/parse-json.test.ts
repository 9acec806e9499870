import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parseJson } from '../../lib/platform/parse-json.ts';

test.each([
  ['of the shape is read', '{"id":"a","more":1}', { id: 'a' }],
  ['of another shape is nothing', '{"id":1}', undefined],
  ['that is none is nothing', 'not JSON', undefined],
])('JSON %s', (_, text, expected) => {
  expect(parseJson(text, z.object({ id: z.string() }))).toEqual(expected);
});
