import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as z from 'zod/mini';
import { parseJson } from '../../lib/platform/parse-json.ts';
import type { Break } from './break.ts';
import schema from './ocsf-7001.schema.json' with { type: 'json' };

/** The fields of a record that verifying reads; loose, since records of other versions must stay readable for years. */
export const Settled = z.object({
  time: z.number(),
  unmapped: z.object({
    kind: z.string(),
    status: z.optional(z.string()),
    proof: z.optional(z.object({ method: z.string(), at: z.number() })),
    intent_stored: z.optional(z.boolean()),
  }),
});
export type SettledRecord = z.infer<typeof Settled>;

let compiled: ValidateFunction | undefined;

/** Checks a record against OCSF's rules for class 7001. @returns a break if it violates any of them */
export function schemaBreaks(key: string, text: string): Break[] {
  const value = parseJson(text, z.unknown());
  if (value === undefined) return [{ key, what: 'is not JSON' }];
  compiled ??= compile();
  if (compiled(value))
    return parseJson(text, Settled) ? [] : [{ key, what: 'is not a record of this project' }];
  const rules = (compiled.errors ?? [])
    .filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'if' && keyword !== 'const')
    .map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`);
  const reason = rules.length > 0 ? rules.slice(0, 3).join('; ') : 'an id and its caption do not agree';
  return [{ key, what: `is not an OCSF 7001 event: ${reason}` }];
}

function compile(): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
  formats.default(ajv);
  return ajv.compile(schema);
}
