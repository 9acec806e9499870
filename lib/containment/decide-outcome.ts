import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Revocation } from './revocation.ts';

export interface RevocationFacts extends Pick<Revocation, 'key' | 'accepted' | 'proof'> {
  /** The key that was dead at the DELETE died of an earlier one of this report, see isOurRevocation. */
  readonly isOurs: boolean;
}

/** Decides how a revocation that the API accepted ended: only a proof makes it a success. */
export function decideOutcome({ accepted, isOurs, key, proof }: RevocationFacts): OutcomeDraft {
  switch (proof.status) {
    case 'alive':
      return { status: 'still_alive', ...key, reason: proof.reason, retryable: true };
    case 'unproven': {
      const reason = `the API accepted the revocation, which is not proven: ${proof.reason}`;
      return { status: 'failed', ...key, reason, retryable: true };
    }
    case 'dead':
      break;
    default:
      return proof satisfies never;
  }
  const evidence = proof.proof.method === 'token' ? 'token_rejected' : 'listed_inactive';
  const proven = { ...key, proof: proof.proof };
  switch (accepted.answer) {
    case 'revoked':
      return { status: 'revoked', ...proven, evidence };
    case 'presumed_revoked':
      return { status: 'revoked', ...proven, evidence: 'recovered' };
    case 'already_revoked':
      return isOurs
        ? { status: 'revoked', ...proven, evidence: 'recovered' }
        : { status: 'already_revoked', ...proven, evidence };
    default:
      return accepted.answer satisfies never;
  }
}
