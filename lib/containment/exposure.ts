import type { ApiKey } from '../clients/devin.ts';
import type { Exposure, Proof } from '../domain/outcome.ts';
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
  /** Epoch seconds of the API's clock at our first use of the token. A later use may be ours. */
  readonly firstUse?: number | undefined;
  /** We used the token, though the API may not have said when. */
  readonly usedByUs?: boolean;
}

/** How long the key was open, and whether somebody used it: what an investigator asks first. */
export function exposure(facts: ExposureFacts): Exposure {
  const { entry, firstUse, leakedAt, proof, revokedAt, seenAt, usedByUs = false } = facts;
  const lastUsed = entry?.last_used_at ?? undefined;
  const isTheirs =
    lastUsed !== undefined && (usedByUs ? firstUse !== undefined && lastUsed < firstUse - 1 : true);
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
    ...(isTheirs && { last_used_at: iso(lastUsed * 1_000) }),
    ...(isTheirs && leakedAt !== undefined && { used_after_leak: lastUsed * 1_000 >= leakedAt }),
  };
}
