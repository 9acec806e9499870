import * as z from 'zod/mini';
import { type ReadSecret, SecretError } from '../aws/secrets.ts';
import { devinToken, type Token } from '../domain/token.ts';
import { parseJson } from '../platform/parse-json.ts';

/** The admin token, read once and kept while the container is warm. */
export interface AdminToken {
  /** @throws {SecretError} */
  get(): Promise<Token>;
  /**
   * Another token than `refused`, which the API no longer takes, or which is the leaked one: the secret read afresh,
   * since it may have been rotated, else the standby's.
   *
   * @returns `undefined` when there is none
   * @throws {SecretError}
   */
  insteadOf(refused: Token): Promise<Token | undefined>;
  /** The standby's token, which is read for a comparison alone. @throws {SecretError} */
  standby(): Promise<Token | undefined>;
}

/** @param standbyId a second admin token's secret, for the day when the first is the leaked one */
export function cachedAdminToken(read: ReadSecret, secretId: string, standbyId?: string): AdminToken {
  let cached: Promise<Token> | undefined;
  let standbyRead: Promise<Token> | undefined;

  function load(id: string): Promise<Token> {
    const loading = read(id).then((value) => adminToken(id, value));
    cached = loading;
    // A failed read is not kept, so that the next report tries again.
    loading.catch(() => {
      if (cached === loading) cached = undefined;
    });
    return loading;
  }

  return {
    get: () => cached ?? load(secretId),
    async insteadOf(refused) {
      const current = await (cached ?? load(secretId));
      // Another report of the batch may have read the new one already.
      if (!current.equals(refused)) return current;
      const fresh = await load(secretId);
      if (!fresh.equals(refused)) return fresh;
      if (standbyId === undefined) return undefined;
      const standby = await load(standbyId);
      return standby.equals(refused) ? undefined : standby;
    },
    async standby() {
      if (standbyId === undefined) return undefined;
      standbyRead ??= read(standbyId).then((value) => adminToken(standbyId, value));
      try {
        return await standbyRead;
      } catch (error) {
        standbyRead = undefined;
        throw error;
      }
    },
  };
}

const TokenSecret = z.object({ token: z.string() });

/**
 * The admin token of a secret: `cog_…` itself or JSON `{"token": "cog_…"}`.
 *
 * @throws {SecretError}
 */
export function adminToken(id: string, value: string): Token {
  const parsed = parseJson(value, TokenSecret);
  const token = devinToken(parsed?.token ?? value);
  if (token === undefined) {
    throw new SecretError(id, 'malformed', 'must be a Devin token (cog_…) or JSON {"token": "cog_…"}');
  }
  return token;
}
