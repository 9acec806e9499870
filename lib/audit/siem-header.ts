import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';

/** Reads the secret of `AUDIT_HTTP_SECRET_ID`. @throws {SecretError} */
export type ReadHeader = () => Promise<string>;

const NAME = /^[A-Za-z0-9-]{1,64}$/;
const Header = z.object({ header: z.string().check(z.regex(NAME)), value: z.string() });

/** The header in a secret: the value of `Authorization` itself, or JSON `{"header": "X-Api-Key", "value": "…"}`. */
export function parseHeader(secret: string): Record<string, string> {
  const named = parseJson(secret, Header);
  return named === undefined
    ? { authorization: secret.trim() }
    : { [named.header.toLowerCase()]: named.value };
}
