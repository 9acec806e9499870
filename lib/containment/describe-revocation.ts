import type { OutcomeDraft } from '../domain/outcome.ts';
import { iso } from '../domain/time.ts';
import type { Target } from '../identify/target.ts';
import { exposure, type LeakTimes } from './exposure.ts';
import type { Revocation } from './revocation.ts';

/** Adds to the outcome of a revocation what an investigator asks: which key, how sure that is, how long it was open. */
export function describeRevocation(
  draft: OutcomeDraft,
  { accepted, collateral = [], entry, proof }: Revocation,
  { attribution, firstUse, token }: Target,
  {
    earlierUse,
    startedAt,
    ...times
  }: LeakTimes & {
    /** Epoch milliseconds, before the DELETE. */
    readonly startedAt: number;
    /** Epoch seconds from which on an earlier delivery of the report may have used the token. */
    readonly earlierUse?: number | undefined;
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
      firstUse: earliest(firstUse, earlierUse),
      usedByUs: token !== undefined,
      ...(firstUse !== undefined && earlierUse === undefined && { usedByUsAt: iso(firstUse * 1_000) }),
    }),
  };
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
