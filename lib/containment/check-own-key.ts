import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { Token } from '../domain/token.ts';
import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';

/** Whether the leaked token is our own admin token. */
export interface OwnKeyCheck {
  /** It is, and there is no standby token: once it is revoked, nothing more can be asked of Devin. */
  readonly isOnlyAdmin: boolean;
  /** What the outcome says of it; nothing when the token is not ours. */
  readonly facts: { readonly own_key?: true; readonly next_step?: string };
}

/**
 * Compares the leaked token with the admin token, in constant time, before anything is done. The worst leak of all:
 * the key is revoked like any other, but last, and by the standby token when there is one.
 *
 * @throws {SecretError} when the admin token cannot be read
 */
export async function checkOwnKey(leaked: Token | undefined, admin: AdminToken): Promise<OwnKeyCheck> {
  if (leaked === undefined || !(await admin.get()).equals(leaked)) return { isOnlyAdmin: false, facts: {} };
  log('error', 'our own admin token leaked', {});
  count('OwnKeyLeaked', {});
  const standby = await admin.insteadOf(leaked);
  return {
    isOnlyAdmin: standby === undefined,
    facts: {
      own_key: true,
      next_step:
        standby === undefined
          ? 'the admin token of this software leaked: put a new one into its secret, until then nothing can be revoked'
          : 'the admin token of this software leaked: put a new one into its secret; the standby token works meanwhile',
    },
  };
}
