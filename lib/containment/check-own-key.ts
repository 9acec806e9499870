import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { Token } from '../domain/token.ts';
import { errorFields, log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';

/** Whether the leaked token is one that this software itself uses. */
export interface OwnKeyCheck {
  /** It is the admin token, and there is no standby token: once it is revoked, nothing more can be asked of Devin. */
  readonly isOnlyAdmin: boolean;
  /** What the outcome says of it; nothing when the token is not ours. */
  readonly facts: { readonly own_key?: true; readonly next_step?: string };
}

const NOT_OURS: OwnKeyCheck = { isOnlyAdmin: false, facts: {} };

/**
 * Compares the leaked token with the admin and the standby token, in constant time, before anything is done. The worst
 * leak of all: the key is revoked like any other, but last, and by the other of the two tokens where there is one.
 *
 * @throws {SecretError} when the admin token cannot be read
 */
export async function checkOwnKey(leaked: Token | undefined, admin: AdminToken): Promise<OwnKeyCheck> {
  if (leaked === undefined) return NOT_OURS;
  const [current, standby] = await Promise.all([admin.get(), readStandby(admin)]);
  if (current.equals(leaked)) {
    alarm('our own admin token leaked');
    const other = await admin.insteadOf(leaked);
    return { isOnlyAdmin: other === undefined, facts: { own_key: true, next_step: nextStep(other) } };
  }
  if (standby?.equals(leaked)) {
    alarm('our own standby token leaked');
    const next_step = 'the standby token of this software leaked: put a new one into its secret';
    return { isOnlyAdmin: false, facts: { own_key: true, next_step } };
  }
  return NOT_OURS;
}

/** Without it the mark may be missing, and nothing else. */
async function readStandby(admin: AdminToken): Promise<Token | undefined> {
  try {
    return await admin.standby();
  } catch (error) {
    log('error', 'the standby token cannot be read', errorFields(error));
    return undefined;
  }
}

function nextStep(other: Token | undefined): string {
  return other === undefined
    ? 'the admin token of this software leaked: put a new one into its secret, until then nothing can be revoked'
    : 'the admin token of this software leaked: put a new one into its secret; the standby token works meanwhile';
}

function alarm(message: string): void {
  log('error', message, {});
  count('OwnKeyLeaked', {});
}
