import * as z from 'zod/mini';
import type { Principal, Probe } from '../clients/devin.ts';
import { ServiceUserId } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';

/** Whose token it is: a service user's, nobody's (it is answered 401), or an ending. */
export type Owner =
  | { readonly owner: 'service_user'; readonly service_user_id: string }
  | { readonly owner: 'nobody' }
  | { readonly owner: 'undecided'; readonly ending: OutcomeDraft };

/** Decides from one use of the leaked token whose it is. */
export function judgeOwner(probe: Probe): Owner {
  switch (probe.state) {
    case 'dead':
      return { owner: 'nobody' };
    case 'unknown':
      return {
        owner: 'undecided',
        ending: {
          status: 'failed',
          retryable: true,
          reason: `Devin does not say whose token it is: ${probe.reason}`,
        },
      };
    case 'alive':
      return judgePrincipal(probe.principal);
    default:
      return probe satisfies never;
  }
}

/** The API revokes keys of service users alone; personal access tokens share their prefix. */
function judgePrincipal({ principal_type, service_user_id }: Principal): Owner {
  const id = z.safeParse(ServiceUserId, service_user_id);
  if (principal_type === 'service_user' && id.success)
    return { owner: 'service_user', service_user_id: id.data };
  // What the API calls it is told only where it is a known word.
  const type = KNOWN_TYPES.find((known) => known === principal_type) ?? 'unknown';
  const isPersonal = type === 'pat_user';
  return {
    owner: 'undecided',
    ending: {
      status: 'escalated',
      principal_type: type,
      reason: isPersonal
        ? 'the token is a personal access token, which no admin call revokes'
        : `the token belongs to a principal of type ${type}, not to a service user`,
      next_step: isPersonal
        ? 'have its owner delete it in the Devin settings, or remove the user; the alert stays open'
        : 'find its owner in Devin and revoke it there; the alert stays open',
    },
  };
}

const KNOWN_TYPES = ['pat_user', 'devin_brain', 'windsurf_session', 'service_user'] as const;
