import type { ApiKey } from './devin.ts';
import { CLOCK_TOLERANCE_SECONDS } from './identify/leak.ts';
import type { Key } from './key.ts';
import type { Ending } from './outcome.ts';
import type { Verdict } from './prove.ts';
import type { Revoked } from './revoke.ts';

export interface Facts {
  readonly key: Key;
  readonly revoked: Extract<Revoked, { result: 'revoked' | 'already_revoked' }>;
  readonly verdict: Verdict;
  /** The key's entry in the listing, where it was read. */
  readonly entry?: ApiKey | undefined;
  /** Epoch milliseconds since when a DELETE of ours may have been on its way unseen. */
  readonly unseenSince?: number | undefined;
}

/** Decides how a revocation that the API accepted ended: only a proof makes it a success. */
export function conclude({ key, revoked, verdict, entry, unseenSince }: Facts): Ending {
  const named = { ...key, ...(entry && { api_key_name: entry.api_key_name }) };
  if (verdict.verdict !== 'dead') {
    return verdict.verdict === 'alive'
      ? { status: 'still_alive', ...named, reason: verdict.reason, retryable: true }
      : {
          status: 'failed',
          ...named,
          reason: `the API accepted the revocation, which is not proven: ${verdict.reason}`,
          retryable: true,
        };
  }
  const { proof } = verdict;
  const evidence = proof.method === 'token' ? 'token_rejected' : 'listed_inactive';
  if (revoked.result === 'revoked') return { status: 'revoked', ...named, evidence, proof };
  return isOurs(entry, unseenSince)
    ? { status: 'revoked', ...named, evidence: 'recovered', proof }
    : { status: 'already_revoked', ...named, evidence, proof };
}

/** A 409 is ours when a DELETE of ours went unseen and the listing does not say that the key died before it. */
function isOurs(entry: ApiKey | undefined, unseenSince: number | undefined): boolean {
  if (unseenSince === undefined) return false;
  const revokedAt = entry?.revoked_at;
  return (
    revokedAt === undefined ||
    revokedAt === null ||
    revokedAt >= Math.floor(unseenSince / 1_000) - CLOCK_TOLERANCE_SECONDS
  );
}
