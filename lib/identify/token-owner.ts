import * as z from 'zod/mini';
import type { Principal, Probe } from '../clients/devin-shapes.ts';
import { ServiceUserId } from '../domain/key.ts';
import { type Decided, decided, type OutcomeDraft } from '../domain/outcome.ts';

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
  switch (type) {
    case 'pat_user':
      return decided(personalToken(principal));
    case 'service_user':
      return decided({
        status: 'escalated',
        principal_type: type,
        reason:
          'the token belongs to a service user whose id is not of the documented form, so that no call names its keys',
        next_step: 'find the service user in Devin and revoke its key there; the alert stays open',
      });
    case 'devin_brain':
    case 'windsurf_session':
    case 'unknown':
      return decided({
        status: 'escalated',
        principal_type: type,
        reason: `the token belongs to a principal of type ${type}, not to a service user`,
        next_step: 'find its owner in Devin and revoke it there; the alert stays open',
      });
    default:
      return type satisfies never;
  }
}

/** Unlike a service user's token, it says which key it is and whose. */
function personalToken({ api_key_id, api_key_name, user_id, user_name }: Principal): OutcomeDraft {
  const owner = [user_name, user_id === undefined ? undefined : `(${user_id})`].filter(Boolean).join(' ');
  const key = [api_key_name && `"${api_key_name}"`, api_key_id === undefined ? undefined : `(${api_key_id})`];
  const named = key.filter(Boolean).join(' ');
  return {
    status: 'escalated',
    principal_type: 'pat_user',
    ...(api_key_id !== undefined && { api_key_id }),
    ...(api_key_name !== undefined && { api_key_name }),
    ...(owner !== '' && {
      user: { ...(user_id !== undefined && { user_id }), ...(user_name !== undefined && { user_name }) },
    }),
    reason: `the token is a personal access token${owner && ` of ${owner}`}, which no admin call revokes`,
    next_step: `have ${owner || 'its owner'} delete the token ${named && `${named} `}in the Devin settings, or remove the user; the alert stays open`,
  };
}

const KNOWN_TYPES = ['pat_user', 'devin_brain', 'windsurf_session', 'service_user'] as const;
