import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Exposure, Proof } from '../domain/outcome-facts.ts';
import { iso } from '../domain/time.ts';

/** When it leaked, as far as the detector says, and when this software first saw it. Epoch milliseconds. */
export interface LeakTimes {
  readonly leakedAt?: number | undefined;
  readonly seenAt: number;
}

export interface ExposureFacts extends LeakTimes {
  /** When our DELETE was sent, epoch milliseconds. */
  readonly revokedAt?: number | undefined;
  readonly proof?: Proof | undefined;
  /** The key's entry in a listing; its `last_used_at` may be our own use. */
  readonly entry?: ApiKey | undefined;
  /** Epoch seconds of the API's clock at our first use of the token, or before it. A later use may be ours. */
  readonly firstUse?: number | undefined;
  /** Our first use itself, where it is known: ISO 8601. */
  readonly usedByUsAt?: string | undefined;
  /** We used the token, though the API may not have said when. */
  readonly usedByUs?: boolean;
  /** When the key was last used before all our uses, as an earlier report found out: ISO 8601. */
  readonly lastUsedBefore?: string | undefined;
}

/** How long the key was open, and whether somebody used it: what an investigator asks first. */
export function exposure(facts: ExposureFacts): Exposure {
  const { entry, leakedAt, proof, revokedAt, seenAt, usedByUsAt } = facts;
  const lastUsed = useByOthers(facts);
  const revoked = entry?.revoked_at ?? undefined;
  return {
    seen_at: iso(seenAt),
    ...(leakedAt !== undefined && { leaked_at: iso(leakedAt) }),
    ...(revoked !== undefined
      ? { revoked_at: iso(revoked * 1_000) }
      : revokedAt !== undefined && { revoked_at: iso(revokedAt) }),
    ...(typeof entry?.expires_at === 'number' && { expires_at: iso(entry.expires_at * 1_000) }),
    ...(proof && {
      proven_at: iso(proof.at),
      seconds_to_revoke: Math.max(0, Math.round((proof.at - seenAt) / 100) / 10),
    }),
    ...(lastUsed !== undefined && { last_used_at: iso(lastUsed) }),
    ...(lastUsed !== undefined && leakedAt !== undefined && { used_after_leak: lastUsed >= leakedAt }),
    ...(usedByUsAt !== undefined && { used_by_us_at: usedByUsAt }),
  };
}

/** Epoch milliseconds of the last use that none of ours explains, as far as that is known. */
function useByOthers({
  entry,
  firstUse,
  lastUsedBefore,
  usedByUs = false,
}: ExposureFacts): number | undefined {
  const lastUsed = entry?.last_used_at ?? undefined;
  const isTheirs = !usedByUs || (firstUse !== undefined && (lastUsed ?? 0) < firstUse - 1);
  if (lastUsed !== undefined && isTheirs) return lastUsed * 1_000;
  return lastUsedBefore === undefined ? undefined : Date.parse(lastUsedBefore);
}
