import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Target } from '../identify/target.ts';
import { exposure, type LeakTimes } from './exposure.ts';
import type { Revocation } from './revocation.ts';

/** Adds to the outcome of a revocation what an investigator asks: which key, how sure that is, how long it was open. */
export function describeRevocation(
  draft: OutcomeDraft,
  { accepted, collateral = [], entry, proof }: Revocation,
  { attribution, firstUse, token }: Target,
  {
    startedAt,
    ...times
  }: LeakTimes & {
    /** Epoch milliseconds, before the DELETE. */
    readonly startedAt: number;
  },
): OutcomeDraft {
  return {
    ...draft,
    ...(entry && { api_key_name: entry.api_key_name }),
    // With a lag, the token may have died of the key before.
    attribution: collateral.length > 0 ? { ...attribution, confidence: 'medium' } : attribution,
    ...(collateral.length > 0 && { collateral: [...collateral] }),
    exposure: exposure({
      ...times,
      revokedAt: accepted.answer === 'revoked' ? startedAt : undefined,
      proof: proof.status === 'dead' ? proof.proof : undefined,
      entry,
      firstUse,
      usedByUs: token !== undefined,
    }),
  };
}
