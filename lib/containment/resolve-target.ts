import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { endedLately } from '../identify/choose-key.ts';
import type { Leak } from '../identify/read-leak.ts';
import { type Sighting, type Target, targetByIds, targetByListing } from '../identify/target.ts';
import { judgeOwner } from '../identify/token-owner.ts';
import type { Own } from './check-own-key.ts';
import type { Deps } from './deps.ts';
import { exposure } from './exposure.ts';
import { deadOnArrival } from './handle-dead-token.ts';
import { prove } from './prove-dead.ts';
import { type Ahead, type OnRecord, writeAhead } from './record-intent.ts';
import { proofOptions } from './revoke-target.ts';

/** What is to be revoked, with its intent written. */
export interface Marked {
  readonly target: Target;
  readonly ahead: Ahead;
}

/** The report names the key: the intent is stored while its token, if there is one, is asked whose it is. */
export async function markByIds(
  report: Report,
  key: Key,
  token: Token | undefined,
  deps: Deps,
): Promise<Marked | OutcomeDraft | OnRecord> {
  const [ahead, probe] = await Promise.all([
    writeAhead(report, key, deps),
    token && deps.devin.probe(token, deps),
  ]);
  if (!('isStored' in ahead)) return ahead;
  const target = targetByIds(key, token, probe);
  return 'status' in target ? target : { target, ahead };
}

/** The report holds a token alone: its service user's listing tells the key, while the intent is stored. */
export async function markByToken(
  report: Report,
  leak: Leak,
  owning: Promise<Own>,
  deps: Deps,
): Promise<Marked | OutcomeDraft | OnRecord> {
  const { token } = leak;
  if (token === undefined) throw new TypeError('a leak has a key or a token');
  const sent = Date.now();
  const [probe, { isOnlyAdmin }] = await Promise.all([deps.devin.probe(token, deps), owning]);
  const use = { sent, answered: Date.now(), ...(probe.state === 'alive' && { apiSecond: probe.apiSecond }) };
  const owner = judgeOwner(probe);
  if (owner.owner === 'undecided') return owner.ending;
  if (owner.owner === 'nobody') return deadOnArrival(report, token, leak, deps);

  const { service_user_id } = owner;
  const [ahead, listing] = await Promise.all([
    writeAhead(report, { service_user_id }, deps),
    deps.devin.listKeys(service_user_id, deps),
  ]);
  if (!('isStored' in ahead)) return ahead;
  if (!listing.ok)
    return { status: 'failed', service_user_id, reason: listing.reason, retryable: listing.retryable };

  // A key that ended a moment ago may still work, and then it is the one: its token dies within the window.
  const sighting = { service_user_id, token, use, keys: listing.keys, isOnlyAdmin };
  if (endedLately(listing.keys, Date.now(), deps.proofWindowMs).length > 0) {
    const died = await diedMeanwhile(report, leak, sighting, deps.proofWindowMs, deps);
    if (died !== undefined) return died;
  }
  const target = await targetByListing(sighting, deps);
  if (target === undefined) {
    const reason = 'the token works, yet the listing shows no active key that it could be of';
    return { status: 'still_alive', service_user_id, reason, retryable: true };
  }
  if (!('status' in target)) return { target, ahead };
  // Somebody may have revoked the key while it was searched for.
  return (await diedMeanwhile(report, leak, sighting, 0, deps)) ?? target;
}

/** Whether the token stops working within the window without us, and which key that tells. */
async function diedMeanwhile(
  report: Report,
  leak: Leak,
  { isOnlyAdmin, service_user_id, token, use }: Sighting,
  windowMs: number,
  deps: Deps,
): Promise<OutcomeDraft | undefined> {
  if (isOnlyAdmin) return undefined;
  const verdict = await prove(deps.devin, { service_user_id, token }, { ...proofOptions(deps), windowMs });
  if (verdict.verdict !== 'dead') return undefined;
  const { proof } = verdict;
  const listing = await deps.devin.listKeys(service_user_id, deps);
  const ended = listing.ok ? endedLately(listing.keys, Date.now(), deps.proofWindowMs) : [];
  const entry = ended.length === 1 ? ended[0] : undefined;
  return {
    status: 'already_revoked',
    service_user_id,
    ...(entry && { api_key_id: entry.api_key_id, api_key_name: entry.api_key_name }),
    ...(entry && { attribution: { method: 'elimination', confidence: 'medium' } as const }),
    exposure: exposure({
      leakedAt: leak.alert?.created_at ?? report.leaked_at,
      seenAt: report.seen_at,
      proof,
      entry,
      firstUse: use.apiSecond,
      usedByUs: true,
    }),
    evidence: 'token_rejected',
    proof,
  };
}
