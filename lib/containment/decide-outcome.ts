import type { ApiKey } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../identify/choose-key.ts';
import type { Verdict } from './prove-dead.ts';
import type { Revoked } from './revoke-key.ts';

export interface Facts {
  readonly key: Key;
  readonly revoked: Extract<Revoked, { result: 'revoked' | 'already_revoked' }>;
  readonly verdict: Verdict;
  /** The key's entry in the listing, where it was read after the DELETE. */
  readonly entry?: ApiKey | undefined;
  /** Epoch milliseconds since when a DELETE of ours may have been on its way unseen. */
  readonly unseenSince?: number | undefined;
}

/** Decides how a revocation that the API accepted ended: only a proof makes it a success. */
export function conclude({ key, revoked, verdict, entry, unseenSince }: Facts): OutcomeDraft {
  if (verdict.verdict !== 'dead') {
    return verdict.verdict === 'alive'
      ? { status: 'still_alive', ...key, reason: verdict.reason, retryable: true }
      : {
          status: 'failed',
          ...key,
          reason: `the API accepted the revocation, which is not proven: ${verdict.reason}`,
          retryable: true,
        };
  }
  const { proof } = verdict;
  const evidence = proof.method === 'token' ? 'token_rejected' : 'listed_inactive';
  if (revoked.result === 'revoked') return { status: 'revoked', ...key, evidence, proof };
  return isOurs(entry, unseenSince)
    ? { status: 'revoked', ...key, evidence: 'recovered', proof }
    : { status: 'already_revoked', ...key, evidence, proof };
}

/** A 409 is ours when a DELETE of ours went unseen and the listing does not say that the key died before it. */
function isOurs(entry: ApiKey | undefined, unseenSince: number | undefined): boolean {
  if (unseenSince === undefined) return false;
  const revokedAt = entry?.revoked_at;
  return (
    revokedAt === undefined ||
    revokedAt === null ||
    revokedAt >= unseenSince / 1_000 - CLOCK_TOLERANCE_SECONDS
  );
}
