import type { ReportTrail } from '../audit/trail.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';

/**
 * Notes which key the token was of, for the next report of the same token, once the token was seen to die with the key.
 * A token that was dead on arrival shows nothing of its key.
 */
export async function rememberKey(
  draft: OutcomeDraft,
  token: Token | undefined,
  trail: Pick<ReportTrail, 'remember'>,
): Promise<void> {
  if (draft.status !== 'revoked' && draft.status !== 'already_revoked') return;
  const { api_key_id, attribution, evidence, proof, service_user_id } = draft;
  if (token === undefined || service_user_id === undefined || api_key_id === undefined) return;
  if (proof.method !== 'token' || evidence === 'dead_on_arrival') return;
  const { confidence = 'medium' } = attribution ?? {};
  await trail.remember(token, { service_user_id, api_key_id, confidence });
}
