import * as z from 'zod/mini';

/**
 * JSON of a given shape, or `undefined` where the text is anything else. The parser's own message is dropped, since
 * it quotes its input.
 */
export function parseJson<T extends z.core.$ZodType>(text: string, schema: T): z.output<T> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return z.safeParse(schema, value).data;
}
