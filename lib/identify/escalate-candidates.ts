import type { ApiKey } from '../clients/devin-shapes.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Candidate } from '../domain/outcome-facts.ts';
import { iso } from '../domain/time.ts';

type Escalated = Extract<OutcomeDraft, { status: 'escalated' }>;

/** A key with the decimal logarithm of its e-value, where an experiment judged it. */
export type Ranked = ApiKey & { readonly log10_e?: number };

/** A person decides which key it is. @param ranked the most likely key first */
export function ambiguous(service_user_id: string, ranked: readonly Ranked[]): Escalated {
  return {
    status: 'escalated',
    service_user_id,
    candidates: ranked.slice(0, 50).map(candidate),
    reason: `${service_user_id} has ${ranked.length} keys that the token may be of, and their use does not tell which of them leaked`,
    next_step: `decide which key it is (the most likely one is named first), and invoke the revoke function with ${eventOf(service_user_id, ranked)}`,
  };
}

/** A key of our own service user is revoked on the word of a person alone: a wrong one would be the last. */
export function ownSibling(service_user_id: string, ranked: readonly Ranked[]): Escalated {
  return {
    ...ambiguous(service_user_id, ranked),
    reason: `${service_user_id} is our own service user, whose keys are not revoked by inference`,
  };
}

/** An incomplete listing names nobody and clears nobody. */
export function incompleteListing(service_user_id: string, reason: string): Escalated {
  return {
    status: 'escalated',
    service_user_id,
    reason,
    next_step: `look at the keys of ${service_user_id} in Devin, decide which one leaked, and invoke the revoke function with {"service_user_id":"${service_user_id}","api_key_id":"<its id>"}`,
  };
}

/** The token works, so its service user exists; the admin token does not see it. */
export function ofAnotherEnterprise(service_user_id: string): Escalated {
  return {
    status: 'escalated',
    service_user_id,
    reason: `the token works, but our admin token does not see ${service_user_id} (HTTP 404): it belongs to another enterprise`,
    next_step:
      'find out whose enterprise it is and tell its admins, who alone can revoke the key; the alert stays open',
  };
}

function eventOf(service_user_id: string, ranked: readonly Ranked[]): string {
  return JSON.stringify({ service_user_id, api_key_id: ranked[0]?.api_key_id });
}

function candidate({ api_key_id, api_key_name, created_at, last_used_at, log10_e }: Ranked): Candidate {
  const used = typeof last_used_at === 'number' ? iso(last_used_at * 1_000) : null;
  return {
    api_key_id,
    api_key_name,
    created_at: iso(created_at * 1_000),
    last_used_at: used,
    ...(log10_e !== undefined && { log10_e }),
  };
}
