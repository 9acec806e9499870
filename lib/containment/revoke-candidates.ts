import type { ReportTrail } from '../audit/trail.ts';
import type { Devin } from '../clients/devin.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { Collateral } from '../domain/outcome-facts.ts';
import type { Target } from '../identify/target.ts';
import { collateralOf } from './collateral.ts';
import { type ProofOptions, proveDead } from './prove-dead.ts';
import type { Revocation } from './revocation.ts';
import { revokeKey } from './revoke-key.ts';

/** Milliseconds for the DELETE of a candidate, beside the proof that follows it, which may take half of its window more. */
const DELETE_MS = 2_000;

/**
 * Revokes candidates one by one, the most likely first, until the token is dead. Each has an intent of its own before
 * its DELETE. A key that was revoked and did not kill the token is collateral.
 *
 * Each candidate has a whole proof window to itself: where a revocation shows late, a shorter one would let the token die
 * in the window of the next candidate, which would then be named, and be revoked for nothing. Those for which there is no
 * time are left to the next delivery.
 *
 * The one step that is a loop over others (intent, DELETE, proof), since each candidate depends on the proof before it.
 */
export async function revokeCandidates(
  { candidates, service_user_id, token }: Extract<Target, { kind: 'candidates' }>,
  devin: Devin,
  trail: Pick<ReportTrail, 'intent' | 'markDelete' | 'deleteEnded'>,
  { deadline, windowMs }: Pick<ProofOptions, 'deadline' | 'windowMs'>,
): Promise<Revocation | Decided> {
  const collateral: Collateral[] = [];
  for (const { api_key_id, entry } of candidates) {
    // The search left the time for the first one.
    if (collateral.length > 0 && Date.now() + 1.5 * windowMs + DELETE_MS > deadline) {
      return stillAlive(service_user_id, collateral, 'the other candidates are left to the next delivery');
    }
    const key = { service_user_id, api_key_id };
    const stored = await trail.intent(key, { ofCandidate: true });
    if (stored.result === 'failed') {
      const reason = `no candidate is revoked without a stored intent: ${stored.reason}`;
      return decided({ status: 'failed', service_user_id, collateral, reason, retryable: true });
    }
    const deleted = await revokeKey(devin, key, trail, { deadline });
    if (deleted.result === 'absent') continue;
    if (deleted.result === 'refused') {
      const { reason, retryable } = deleted;
      return decided({ status: 'failed', ...key, collateral, reason, retryable });
    }
    const proof = await proveDead(devin, { ...key, token }, { windowMs, deadline, control: true });
    if (proof.status === 'dead') {
      const accepted = { answer: deleted.result };
      return { status: 'deleted', key, accepted, deletion: deleted.deletion, proof, entry, collateral };
    }
    collateral.push(collateralOf(service_user_id, entry));
    if (proof.status === 'unproven' || proof.isMixed) {
      return stillAlive(service_user_id, collateral, 'it is not clear yet whether it is dying');
    }
  }
  return stillAlive(service_user_id, collateral, 'no other candidate is left');
}

function stillAlive(service_user_id: string, collateral: Collateral[], rest: string): Decided {
  const reason = `the token is not dead after ${collateral.length} of its candidates were revoked; ${rest}`;
  return decided({ status: 'still_alive', service_user_id, collateral, reason, retryable: true });
}
