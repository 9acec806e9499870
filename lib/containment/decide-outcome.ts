import type { ApiKey } from '../clients/devin.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../identify/choose-key.ts';
import type { Revocation } from './revocation.ts';

export interface RevocationFacts extends Pick<Revocation, 'key' | 'accepted' | 'proof' | 'entry'> {
  /** Epoch milliseconds since when a DELETE of ours may have had its effect unseen. */
  readonly unseenSince?: number | undefined;
}

/** Decides how a revocation that the API accepted ended: only a proof makes it a success. */
export function decideOutcome({ accepted, entry, key, proof, unseenSince }: RevocationFacts): OutcomeDraft {
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
  if (accepted.answer === 'revoked') return { status: 'revoked', ...proven, evidence };
  return mayBeOurUnseenDelete(entry, unseenSince)
    ? { status: 'revoked', ...proven, evidence: 'recovered' }
    : { status: 'already_revoked', ...proven, evidence };
}

/** A key that was dead at the DELETE died of ours when one went unseen and the listing does not date it before that. */
function mayBeOurUnseenDelete(entry: ApiKey | undefined, unseenSince: number | undefined): boolean {
  if (unseenSince === undefined) return false;
  const revokedAt = entry?.revoked_at;
  return (
    revokedAt === undefined ||
    revokedAt === null ||
    revokedAt >= unseenSince / 1_000 - CLOCK_TOLERANCE_SECONDS
  );
}
