import type { Token } from '../domain/token.ts';
import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import type { Deps } from './deps.ts';

/** Whether the leaked token is our own admin token, and what follows from it. */
export interface Own {
  /** It is, and no standby does the work: once it is revoked, nothing more can be asked of Devin. */
  readonly isOnlyAdmin: boolean;
  /** What the outcome says of it. */
  readonly mark: { own_key?: true; next_step?: string };
  /** Resolves when the other reports of the batch are done, since they need the admin token too. */
  waitForOthers(): Promise<void>;
}

/** Milliseconds that must be left to revoke our own key. */
const NEEDED_MS = 15_000;

/**
 * Compares the leaked token with the admin token, in constant time, before anything is done. The worst leak of all:
 * the key is revoked like any other, but last, and by the standby token when there is one.
 */
export async function ownKey(leaked: Token | undefined, { admin, deadline, turn }: Deps): Promise<Own> {
  const nothing = { isOnlyAdmin: false, mark: {}, waitForOthers: () => Promise.resolve() };
  if (leaked === undefined) return nothing;
  if (!(await admin.get()).equals(leaked)) return nothing;
  log('error', 'our own admin token leaked', {});
  count('OwnKeyLeaked', {});
  const standby = await admin.insteadOf(leaked);
  return {
    isOnlyAdmin: standby === undefined,
    mark: {
      own_key: true,
      next_step:
        standby === undefined
          ? 'the admin token of this software leaked: put a new one into its secret, until then nothing can be revoked'
          : 'the admin token of this software leaked: put a new one into its secret; the standby token works meanwhile',
    },
    waitForOthers: () =>
      standby === undefined ? turn.waitForOthers(deadline - NEEDED_MS) : Promise.resolve(),
  };
}
