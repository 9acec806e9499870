import * as z from 'zod/mini';
import type { Probe } from '../clients/devin.ts';
import { ServiceUserId } from '../domain/key.ts';
import { type Decided, decided } from '../domain/outcome.ts';

/** Whose token it is: a service user's, nobody's (it is answered 401), or neither, which ends the report. */
export type TokenOwner =
  | {
      readonly status: 'service_user';
      readonly service_user_id: string;
      /** Epoch seconds of the API's clock at this use of the token. */
      readonly apiSecond?: number | undefined;
    }
  | { readonly status: 'nobody' }
  | Decided;

/** Decides from one use of the leaked token whose it is. */
export function tokenOwner(probe: Probe): TokenOwner {
  switch (probe.state) {
    case 'dead':
      return { status: 'nobody' };
    case 'unknown':
      return decided({
        status: 'failed',
        retryable: true,
        reason: `Devin does not say whose token it is: ${probe.reason}`,
      });
    case 'alive':
      return ownerOfLive(probe);
    default:
      return probe satisfies never;
  }
}

/** The API revokes keys of service users alone; personal access tokens share their prefix. */
function ownerOfLive({ apiSecond, principal }: Extract<Probe, { state: 'alive' }>): TokenOwner {
  const { principal_type, service_user_id } = principal;
  const id = z.safeParse(ServiceUserId, service_user_id);
  if (principal_type === 'service_user' && id.success)
    return { status: 'service_user', service_user_id: id.data, apiSecond };
  // The API's own word goes on record only where it is a known one.
  const type = KNOWN_TYPES.find((known) => known === principal_type) ?? 'unknown';
  const isPersonal = type === 'pat_user';
  return decided({
    status: 'escalated',
    principal_type: type,
    reason: isPersonal
      ? 'the token is a personal access token, which no admin call revokes'
      : `the token belongs to a principal of type ${type}, not to a service user`,
    next_step: isPersonal
      ? 'have its owner delete it in the Devin settings, or remove the user; the alert stays open'
      : 'find its owner in Devin and revoke it there; the alert stays open',
  });
}

const KNOWN_TYPES = ['pat_user', 'devin_brain', 'windsurf_session', 'service_user'] as const;
