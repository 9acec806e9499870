import { ownServiceUsers } from '../clients/own-service-users.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { endedRecently } from '../identify/choose-key.ts';
import { incompleteListing, ofAnotherEnterprise } from '../identify/escalate-candidates.ts';
import type { OwnedToken } from '../identify/infer-key.ts';
import { ownershipOf } from '../identify/ownership.ts';
import { probeToken } from '../identify/probe-token.ts';
import type { FoundTarget, Target } from '../identify/target.ts';
import { targetByIds } from '../identify/target-by-ids.ts';
import { targetByListing, targetByRegistry } from '../identify/target-by-listing.ts';
import { tokenOwner } from '../identify/token-owner.ts';
import type { OwnKeyCheck } from './check-own-key.ts';
import { checkRecentDeath, type RecentDeath } from './check-recent-death.ts';
import type { Deps } from './deps.ts';
import type { LeakTimes } from './exposure.ts';
import { type IntentResult, recordIntent } from './record-intent.ts';

/** Milliseconds that must be left after the search for the key, beside a proof. */
export const AFTER_SEARCH_MS = 5_000;
/** A dry run records no intent. */
const NO_INTENT = { status: 'intent_skipped' } as const;

/** What is to be revoked, with its intent recorded. */
export type Resolved = {
  readonly status: 'resolved';
  readonly target: Target;
  readonly intent: IntentResult;
};

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

export interface LeakedToken {
  readonly token: Token;
  readonly times: LeakTimes;
  readonly checkingOwnKey: Promise<OwnKeyCheck>;
  /** Called once it is seen that the token works. */
  readonly onAlive: () => Promise<void>;
}

/**
 * The report holds a token alone: the registry or its service user's listing shows the key, while the intent is recorded.
 * What the guard of our own keys has to know is asked beside the listing, so that it costs no round.
 */
export async function resolveByToken(
  report: Report,
  leaked: LeakedToken,
  deps: Deps,
): Promise<Resolved | Decided | OnRecord> {
  const { checkingOwnKey, onAlive, times, token } = leaked;
  const { admin, deadline, devin, dryRun, proofWindowMs: windowMs, registry, trail } = deps;
  const retry = { deadline };
  const looking = registry.find(token);
  const [first, own] = await Promise.all([probeToken(devin, token, retry), checkingOwnKey]);
  let used = first;
  if (first.probe.state === 'dead') {
    const { handleDeadToken } = await import('./handle-dead-token.ts');
    const proving = { deadline, windowMs, control: true };
    const dead = await handleDeadToken({ token, times }, devin, { registry, trail }, proving);
    if (dead.status !== 'alive') return dead;
    // The 401 was a stray one.
    used = await probeToken(devin, token, retry);
  }
  const owner = tokenOwner(used.probe);
  if (owner.status === 'nobody') {
    const reason = 'the token is answered 401 at some times and works at others';
    return decided({ status: 'failed', reason, retryable: true });
  }
  if (used.probe.state === 'alive') await onAlive();
  if (owner.status === 'decided') return owner;

  const { service_user_id } = owner;
  const isOurToken = own.facts.own_key === true;
  const [intent, listing, ours, registered] = await Promise.all([
    dryRun ? NO_INTENT : recordIntent(report, { service_user_id }, trail),
    devin.listKeys(service_user_id, retry),
    isOurToken ? [] : ownServiceUsers(devin, [admin.standby], retry),
    looking,
  ]);
  if (intent.status === 'decided' || intent.status === 'on_record') return intent;
  if (!listing.ok && listing.status === 404) return decided(ofAnotherEnterprise(service_user_id));
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
  const { use } = used;
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
  const { deadline, devin, proofWindowMs } = deps;
  const { isOnlyAdmin, keys, service_user_id } = owned;
  const died = async (windowMs: number): Promise<RecentDeath> =>
    isOnlyAdmin
      ? { status: 'still_works' }
      : checkRecentDeath(owned, times, devin, { deadline, windowMs, control: true }, proofWindowMs);
  // A key that ended a moment ago may still work, and then it is the one: its token dies within the window. These uses of
  // the token are all before the first coin of a search.
  const ended = endedRecently(keys, Date.now(), proofWindowMs);
  if (ended.length > 0) {
    const before = await died(proofWindowMs);
    if (before.status === 'decided') return before;
    if (before.status === 'unclear') {
      const reason =
        'a key of the service user ended a moment ago, and it is not clear yet whether the token is dying with it';
      return decided({ status: 'still_alive', service_user_id, reason, retryable: true });
    }
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
      const found = await search(report_id, owned, listed.candidates, deps);
      if (found.status === 'found') return found;
      // Somebody may have revoked the key while it was searched for.
      const meanwhile = await died(0);
      return meanwhile.status === 'decided' ? meanwhile : found;
    }
    default:
      return listed satisfies never;
  }
}

async function search(
  report_id: string,
  owned: OwnedToken,
  candidates: OwnedToken['keys'],
  { ambiguousKey, deadline, devin, place, proofWindowMs, search: parts }: Deps,
): Promise<FoundTarget | Decided> {
  // A proof takes half of its window more where answers differ.
  const until = deadline - 1.5 * proofWindowMs - AFTER_SEARCH_MS;
  // Most reports need no search.
  const { targetBySearch } = await import('../identify/target-by-search.ts');
  return place.whileHidden(
    targetBySearch(owned, candidates, { ...parts, devin, report_id, ambiguousKey, until }),
  );
}
