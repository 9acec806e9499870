import type { Key } from '../domain/key.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { AcceptedDelete } from './revocation.ts';
import type { DeleteResult } from './revoke-key.ts';

/**
 * Decides whether the key is to be proven dead after its DELETE, or the report ends here.
 *
 * A 401 to the DELETE of our own only admin key, after an attempt that got no answer, is `presumed_revoked`: that token
 * cannot see a DELETE refused which it did not live to see accepted.
 */
export function acceptDelete(
  key: Key,
  deleted: DeleteResult,
  { isOnlyAdmin, tokenWorks }: { readonly isOnlyAdmin: boolean; readonly tokenWorks: boolean },
): ({ readonly status: 'accepted' } & AcceptedDelete) | Decided {
  switch (deleted.result) {
    case 'revoked':
    case 'already_revoked':
      return { status: 'accepted', answer: deleted.result };
    case 'absent':
      return decided(
        tokenWorks
          ? {
              status: 'escalated',
              ...key,
              reason: 'Devin does not know the key, yet the token works: the report names the wrong key',
              next_step: 'invoke the function with the token alone',
            }
          : {
              status: 'not_found',
              ...key,
              reason: 'Devin does not know the key, and the listing does not show it',
            },
      );
    case 'refused':
      // An incomplete listing clears nobody, however often it is read.
      if (deleted.incomplete === true) {
        const next_step = 'look at the keys of the service user in Devin, and whether this one is among them';
        return decided({ status: 'escalated', ...key, reason: deleted.reason, next_step });
      }
      return isOnlyAdmin && deleted.status === 401 && deleted.uncertain
        ? { status: 'accepted', answer: 'presumed_revoked' }
        : decided({ status: 'failed', ...key, reason: deleted.reason, retryable: deleted.retryable });
    default:
      return deleted satisfies never;
  }
}
