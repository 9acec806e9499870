import type { Devin } from '../clients/devin.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import { iso } from '../domain/time.ts';
import { endedRecently } from '../identify/choose-key.ts';
import type { OwnedToken } from '../identify/infer-key.ts';
import { exposure, type LeakTimes } from './exposure.ts';
import { type ProofOptions, proveDead } from './prove-dead.ts';

/** `unclear`: some probes were answered 401 and others not, or nothing could be seen. */
export type RecentDeath = { readonly status: 'still_works' | 'unclear' } | Decided;

/**
 * Whether the token stops working within the proof window without us, and which key that shows to be its own.
 *
 * @param recentMs how long ago a key may have ended whose token still works: how long a revocation may take to show
 */
export async function checkRecentDeath(
  { service_user_id, token, use }: OwnedToken,
  times: LeakTimes,
  devin: Devin,
  proving: ProofOptions,
  recentMs: number,
): Promise<RecentDeath> {
  const result = await proveDead(devin, { service_user_id, token }, proving);
  if (result.status === 'alive' && !result.isMixed) return { status: 'still_works' };
  if (result.status !== 'dead') return { status: 'unclear' };
  const { proof } = result;
  const listing = await devin.listKeys(service_user_id, { deadline: proving.deadline });
  const ended = listing.ok ? endedRecently(listing.keys, Date.now(), recentMs) : [];
  const entry = ended.length === 1 ? ended[0] : undefined;
  return decided({
    status: 'already_revoked',
    service_user_id,
    ...(entry && { api_key_id: entry.api_key_id, api_key_name: entry.api_key_name }),
    ...(entry && { attribution: { method: 'elimination', confidence: 'medium' } as const }),
    exposure: exposure({
      ...times,
      proof,
      entry,
      firstUse: use.apiSecond,
      usedByUs: true,
      ...(use.apiSecond !== undefined && { usedByUsAt: iso(use.apiSecond * 1_000) }),
    }),
    evidence: 'token_rejected',
    proof,
  });
}
