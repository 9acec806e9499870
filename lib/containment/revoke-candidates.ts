import type { ReportTrail } from '../audit/trail.ts';
import type { ApiKey, Devin } from '../clients/devin.ts';
import { type Collateral, type Decided, decided } from '../domain/outcome.ts';
import type { Target } from '../identify/target.ts';
import { type ProofOptions, proveDead } from './prove-dead.ts';
import type { Revocation } from './revocation.ts';
import { revokeKey } from './revoke-key.ts';

/**
 * Revokes candidates one by one, the most likely first, until the token is dead. Each has an intent of its own before
 * its DELETE. A key that was revoked and did not kill the token is collateral.
 *
 * The one step that is a loop over others (intent, DELETE, proof), since each candidate depends on the proof before it.
 */
export async function revokeCandidates(
  { candidates, service_user_id, token }: Extract<Target, { kind: 'candidates' }>,
  devin: Devin,
  trail: Pick<ReportTrail, 'intent'>,
  { deadline, windowMs }: Pick<ProofOptions, 'deadline' | 'windowMs'>,
): Promise<Revocation | Decided> {
  const collateral: Collateral[] = [];
  for (const [index, { api_key_id, entry }] of candidates.entries()) {
    const key = { service_user_id, api_key_id };
    const stored = await trail.intent(key, { ofCandidate: true });
    if (stored.result === 'failed') {
      const reason = `no candidate is revoked without a stored intent: ${stored.reason}`;
      return decided({ status: 'failed', service_user_id, collateral, reason, retryable: true });
    }
    const deleted = await revokeKey(devin, key, { deadline });
    if (deleted.result === 'absent') continue;
    if (deleted.result === 'refused') {
      const { reason, retryable } = deleted;
      return decided({ status: 'failed', ...key, collateral, reason, retryable });
    }
    // What is left of the time is shared by the candidates that are left.
    const share = Math.max(0, deadline - Date.now()) / (candidates.length - index);
    const proving = { windowMs: Math.min(windowMs, share), deadline, control: true };
    const proof = await proveDead(devin, { ...key, token }, proving);
    if (proof.status === 'dead') {
      const accepted = { answer: deleted.result, uncertain: deleted.uncertain };
      return { status: 'deleted', key, accepted, proof, entry, collateral };
    }
    collateral.push(collateralOf(service_user_id, entry));
    if (Date.now() >= deadline) break;
  }
  const reason = 'the token still authenticates, though its candidates are revoked';
  return decided({ status: 'still_alive', service_user_id, collateral, reason, retryable: true });
}

/** The rotate call refuses a key that is not active (HTTP 400), so that its owner needs the call that makes one. */
function collateralOf(serviceUserId: string, { api_key_id, api_key_name }: ApiKey): Collateral {
  const body = JSON.stringify({ name: api_key_name || api_key_id });
  return {
    api_key_id,
    api_key_name,
    replace_with: `POST /v3beta1/enterprise/service-users/${serviceUserId}/api-keys ${body}`,
  };
}
