import { ownServiceUsers } from '../clients/own-service-users.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { endedRecently } from '../identify/choose-key.ts';
import { incompleteListing } from '../identify/escalate-candidates.ts';
import type { OwnedToken } from '../identify/infer-key.ts';
import { ownershipOf } from '../identify/ownership.ts';
import { probeToken } from '../identify/probe-token.ts';
import type { FoundTarget, Target } from '../identify/target.ts';
import { targetByIds } from '../identify/target-by-ids.ts';
import { targetByListing, targetByRegistry } from '../identify/target-by-listing.ts';
import { tokenOwner } from '../identify/token-owner.ts';
import type { OwnKeyCheck } from './check-own-key.ts';
import { checkRecentDeath } from './check-recent-death.ts';
import type { Deps } from './deps.ts';
import type { LeakTimes } from './exposure.ts';
import { handleDeadToken } from './handle-dead-token.ts';
import { type IntentResult, recordIntent } from './record-intent.ts';

export type Resolved = {
  readonly status: 'resolved';
  readonly target: Target;
  readonly intent: IntentResult;
};

/** Milliseconds that must be left after the search for the key, beside the proof window. */
const AFTER_SEARCH_MS = 5_000;
/** A dry run records no intent. */
const NO_INTENT = { status: 'intent_skipped' } as const;

/** The report names the key: the intent is recorded while its token, if there is one, is asked whose it is. */
export async function resolveByIds(
  report: Report,
  key: Key,
  token: Token | undefined,
  { deadline, devin, dryRun, trail }: Deps,
): Promise<Resolved | Decided | OnRecord> {
  const [intent, probe] = await Promise.all([
    dryRun ? NO_INTENT : recordIntent(report, key, trail),
    token && devin.probe(token, { deadline }),
  ]);
  if (intent.status === 'decided' || intent.status === 'on_record') return intent;
  const found = targetByIds(key, token, probe);
  return found.status === 'found' ? { status: 'resolved', target: found.target, intent } : found;
}

/**
 * The report holds a token alone: the registry or its service user's listing shows the key, while the intent is recorded.
 * What the guard of our own keys needs to know is asked beside the listing, so that it costs no round.
 */
export async function resolveByToken(
  report: Report,
  token: Token,
  times: LeakTimes,
  checkingOwnKey: Promise<OwnKeyCheck>,
  deps: Deps,
): Promise<Resolved | Decided | OnRecord> {
  const { deadline, devin, dryRun, registry, standby, trail } = deps;
  const retry = { deadline };
  const looking = registry.find(token);
  const [{ probe, use }, own] = await Promise.all([probeToken(devin, token, retry), checkingOwnKey]);
  const owner = tokenOwner(probe);
  if (owner.status === 'decided') return owner;
  if (owner.status === 'nobody') {
    const dead = { report_id: report.report_id, token, times, dryRun };
    return handleDeadToken(dead, devin, { trail, registry }, retry);
  }

  const { service_user_id } = owner;
  const isOurToken = own.facts.own_key === true;
  const [intent, listing, ours, registered] = await Promise.all([
    dryRun ? NO_INTENT : recordIntent(report, { service_user_id }, trail),
    devin.listKeys(service_user_id, retry),
    isOurToken ? [] : ownServiceUsers(devin, standby, retry),
    looking,
  ]);
  if (intent.status === 'decided' || intent.status === 'on_record') return intent;
  if (!listing.ok) {
    const { incomplete, reason, retryable } = listing;
    return decided(
      incomplete === true
        ? incompleteListing(service_user_id, reason)
        : { status: 'failed', service_user_id, reason, retryable },
    );
  }

  const { isOnlyAdmin } = own;
  const ownership = ownershipOf(service_user_id, isOurToken, ours);
  const { keys } = listing;
  const owned = { service_user_id, token, use, ...times, keys, isOnlyAdmin, ownership, registered };
  const found = targetByRegistry(owned) ?? (await resolveByListing(report.report_id, owned, times, deps));
  return found.status === 'found' ? { status: 'resolved', target: found.target, intent } : found;
}

async function resolveByListing(
  report_id: string,
  owned: OwnedToken,
  times: LeakTimes,
  deps: Deps,
): Promise<FoundTarget | Decided> {
  const { deadline, devin, place, proofWindowMs, search } = deps;
  const { isOnlyAdmin, keys, service_user_id } = owned;
  const died = async (windowMs: number) =>
    isOnlyAdmin
      ? ({ status: 'still_works' } as const)
      : checkRecentDeath(owned, times, devin, { deadline, windowMs, control: true }, proofWindowMs);
  // A key that ended a moment ago may still work, and then it is the one: its token dies within the window. These uses of
  // the token are all before the first coin of a search.
  const ended = endedRecently(keys, Date.now(), proofWindowMs);
  if (ended.length > 0) {
    const before = await died(proofWindowMs);
    if (before.status === 'decided') return before;
  }
  const listed = targetByListing(owned, ended);
  switch (listed.status) {
    case 'found':
    case 'decided':
      return listed;
    case 'none': {
      const reason = 'the token works, yet the listing shows no active key that it could be of';
      return decided({ status: 'still_alive', service_user_id, reason, retryable: true });
    }
    case 'open': {
      const until = deadline - proofWindowMs - AFTER_SEARCH_MS;
      const options = { ...search, devin, report_id, ambiguousKey: deps.ambiguousKey, until };
      const { targetBySearch } = await import('../identify/target-by-search.ts');
      const found = await place.whileHidden(targetBySearch(owned, listed.candidates, options));
      if (found.status === 'found') return found;
      // Somebody may have revoked the key while it was searched for.
      const meanwhile = await died(0);
      return meanwhile.status === 'decided' ? meanwhile : found;
    }
    default:
      return listed satisfies never;
  }
}
