import type { Devin } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { LeakAlert } from '../identify/read-leak.ts';
import type { Target } from '../identify/target.ts';

/** How a report would end, and the keys that would be revoked for it. */
export interface Foreseen {
  readonly draft: OutcomeDraft;
  readonly revoked: readonly Key[];
}

/**
 * How the revocation of a target would most likely end. The listing tells, since nothing may be deleted to find out.
 *
 * @param retry.deadline epoch milliseconds
 */
export async function foreseeRevocation(
  target: Target,
  devin: Devin,
  retry: { readonly deadline: number },
): Promise<Foreseen> {
  const { attribution } = target;
  const proof = { method: target.token ? 'token' : 'listing', probes: 0, at: Date.now() } as const;
  const evidence = target.token ? 'token_rejected' : 'listed_inactive';
  if (target.kind === 'candidates') {
    const { candidates, service_user_id } = target;
    const revoked = candidates.map(({ api_key_id }) => ({ service_user_id, api_key_id }));
    return { draft: { status: 'revoked', service_user_id, attribution, evidence, proof }, revoked };
  }
  const { key } = target;
  const named = { ...key, attribution };
  const listing = target.entry ? undefined : await devin.listKeys(key.service_user_id, retry);
  if (listing?.ok === false) {
    const { reason, retryable } = listing;
    return { draft: { status: 'failed', ...named, reason, retryable }, revoked: [] };
  }
  const entry = target.entry ?? listing?.keys.find(({ api_key_id }) => api_key_id === key.api_key_id);
  if (entry === undefined) {
    const reason = 'the listing does not show the key';
    return { draft: { status: 'not_found', ...named, reason }, revoked: [] };
  }
  const described = { ...named, api_key_name: entry.api_key_name, proof, evidence } as const;
  return entry.is_active
    ? { draft: { status: 'revoked', ...described }, revoked: [key] }
    : { draft: { status: 'already_revoked', ...described }, revoked: [] };
}

/** The record of a dry run: all that would have been done, whatever it would have ended in. */
export function rehearsal({ draft, revoked }: Foreseen, alert: LeakAlert | undefined): OutcomeDraft {
  if (draft.status === 'ignored' || draft.status === 'rehearsed') return draft;
  const { status: would_end, ...rest } = draft;
  const isDead = would_end === 'revoked' || would_end === 'already_revoked';
  const would_do = [
    ...revoked.map(({ api_key_id, service_user_id }) => `revoke API key ${api_key_id} of ${service_user_id}`),
    ...(revoked.length > 0 ? ['prove it dead'] : []),
    ...(isDead && alert?.open
      ? [`resolve alert ${alert.ref.number} of ${alert.ref.owner}/${alert.ref.repo}`]
      : []),
    `record the outcome ${would_end}`,
  ];
  const { reason: why } = { reason: undefined, ...rest };
  const because = why === undefined ? '' : `: ${why}`;
  const reason = `dry run: this would have ended as ${would_end}${because}`;
  return { ...factsOf(rest), status: 'rehearsed', reason, would_end, would_do };
}

/** What is known of the key; a proof and an answer are of what was not done. */
function factsOf(draft: Omit<OutcomeDraft, 'status'>): Partial<Omit<OutcomeDraft, 'status'>> {
  const { attribution, api_key_id, api_key_name, candidates, leaks, next_step, org_id, own_key, owner } =
    draft;
  const { principal_type, service_user_id, user } = draft;
  return Object.fromEntries(
    Object.entries({
      service_user_id,
      api_key_id,
      api_key_name,
      attribution,
      candidates,
      leaks,
      next_step,
      own_key,
      owner,
      user,
      org_id,
      principal_type,
    }).filter(([, value]) => value !== undefined),
  );
}
