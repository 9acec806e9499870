import { type Decided, decided } from '../domain/outcome.ts';

/**
 * Whose the leaked token is, as the guard of our own keys sees it. `ours`: it is a token that this software works with.
 * `other`: its service user is none of ours. `sibling`: another key of one of our service users. `unknown`: it cannot be
 * told which service users are ours.
 */
export type Ownership = 'ours' | 'other' | 'sibling' | 'unknown';

/** @param own the service users whose keys we use; `undefined` when not all of them are known */
export function ownershipOf(
  serviceUserId: string,
  isOurToken: boolean,
  own: readonly string[] | undefined,
): Ownership {
  if (isOurToken) return 'ours';
  if (own === undefined) return 'unknown';
  return own.includes(serviceUserId) ? 'sibling' : 'other';
}

/** Without knowing which keys are ours, none is deleted by inference. */
export function ownUnknown(service_user_id: string): Decided {
  return decided({
    status: 'failed',
    service_user_id,
    retryable: true,
    reason:
      'it cannot be told which service users are our own, so no key is revoked by inference: the admin token and the standby token, if there is one, must both be readable and answered by GET /v3/self',
  });
}
