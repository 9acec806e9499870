import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as z from 'zod/mini';
import { parseJson } from '../../../lib/platform/parse-json.ts';
import { broken, type Finding } from './finding.ts';
import schema from './ocsf-7001.schema.json' with { type: 'json' };

/** The fields of a record that verifying reads; loose, since records of other versions must stay readable for years. */
export const Settled = z.object({
  time: z.number(),
  unmapped: z.object({
    kind: z.string(),
    status: z.optional(z.string()),
    reason: z.optional(z.string()),
    retryable: z.optional(z.boolean()),
    proof: z.optional(z.object({ method: z.string(), at: z.number() })),
    intent_stored: z.optional(z.boolean()),
  }),
});
export type SettledRecord = z.infer<typeof Settled>;

let compiled: ValidateFunction | undefined;

/** Checks a record against OCSF's rules for class 7001. @returns a break where it violates any */
export function schemaFindings(key: string, text: string): Finding[] {
  const value = parseJson(text, z.unknown());
  if (value === undefined) return [broken(key, 'is not JSON')];
  compiled ??= compile();
  if (compiled(value))
    return parseJson(text, Settled) ? [] : [broken(key, 'is not a record of this project')];
  const rules = (compiled.errors ?? [])
    .filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'if' && keyword !== 'const')
    .map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`);
  const reason = rules.length > 0 ? rules.slice(0, 3).join('; ') : 'an id and its caption do not agree';
  return [broken(key, `is not an OCSF 7001 event: ${reason}`)];
}

function compile(): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
  formats.default(ajv);
  return ajv.compile(schema);
}
