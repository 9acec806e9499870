import * as z from 'zod/mini';
import { Token } from '../domain/token.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RepositoryName } from './github-redirect.ts';

const Alert = z.object({
  state: z.string(),
  secret: z.optional(z.string()),
  is_base64_encoded: z.nullish(z.boolean()),
  created_at: z.optional(z.string()),
});

/** A secret-scanning alert with its secret, decoded. */
export interface GitHubAlert {
  readonly state: string;
  readonly secret?: Token;
  /** Epoch milliseconds. */
  readonly created_at?: number;
  /** The present name of its repository, when that was renamed since the report. */
  readonly movedTo?: RepositoryName;
}

/** @returns `undefined` when the body is not an alert as documented */
export function readAlert(body: string): GitHubAlert | undefined {
  const alert = parseJson(body, Alert);
  if (alert === undefined) return undefined;
  const { created_at, is_base64_encoded, secret, state } = alert;
  const created = Date.parse(created_at ?? '');
  return {
    state,
    ...(secret !== undefined && { secret: decode(secret, is_base64_encoded === true) }),
    ...(!Number.isNaN(created) && { created_at: created }),
  };
}

function decode(secret: string, isBase64: boolean): Token {
  return new Token(isBase64 ? Buffer.from(secret, 'base64').toString('utf8') : secret);
}
