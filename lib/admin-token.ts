import { adminToken, type ReadSecret } from './secrets.ts';
import type { Token } from './token.ts';

/** The admin token, read once and kept while the container is warm. */
export interface AdminToken {
  /** @throws {SecretError} */
  get(): Promise<Token>;
  /**
   * Reads the secret afresh, since the API no longer takes `refused`: it may have been rotated.
   *
   * @returns `undefined` when the secret still holds the refused token
   * @throws {SecretError}
   */
  afterRefusal(refused: Token): Promise<Token | undefined>;
}

export function cachedAdminToken(read: ReadSecret, secretId: string): AdminToken {
  let cached: Promise<Token> | undefined;
  const load = (): Promise<Token> => {
    const loading = read(secretId).then((value) => adminToken(secretId, value));
    cached = loading;
    // A failed read is not kept, so that the next report tries again.
    loading.catch(() => {
      if (cached === loading) cached = undefined;
    });
    return loading;
  };
  return {
    get: () => cached ?? load(),
    async afterRefusal(refused) {
      const current = await (cached ?? load());
      // Another report of the batch may have read the new one already.
      if (!current.equals(refused)) return current;
      const fresh = await load();
      return fresh.equals(refused) ? undefined : fresh;
    },
  };
}
