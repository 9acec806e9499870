import type { Key } from '../domain/key.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { endedRecently } from '../identify/choose-key.ts';
import { probeToken } from '../identify/probe-token.ts';
import type { FoundTarget, Target } from '../identify/target.ts';
import { targetByIds } from '../identify/target-by-ids.ts';
import { type OwnedToken, targetByListing } from '../identify/target-by-listing.ts';
import { tokenOwner } from '../identify/token-owner.ts';
import type { OwnKeyCheck } from './check-own-key.ts';
import { checkRecentDeath, type RecentDeath } from './check-recent-death.ts';
import type { Deps } from './deps.ts';
import type { LeakTimes } from './exposure.ts';
import { type IntentResult, recordIntent } from './record-intent.ts';

/** Milliseconds that must be left after the search for the key, beside the proof window. */
export const AFTER_SEARCH_MS = 5_000;

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

/** The report holds a token alone: its service user's listing shows the key, while the intent is recorded. */
export async function resolveByToken(
  report: Report,
  leaked: LeakedToken,
  deps: Deps,
): Promise<Resolved | Decided | OnRecord> {
  const { checkingOwnKey, onAlive, times, token } = leaked;
  const { deadline, devin, dryRun, proofWindowMs: windowMs, trail } = deps;
  const retry = { deadline };
  const [first, { isOnlyAdmin }] = await Promise.all([probeToken(devin, token, retry), checkingOwnKey]);
  let used = first;
  if (first.probe.state === 'dead') {
    const { handleDeadToken } = await import('./handle-dead-token.ts');
    const proving = { deadline, windowMs, control: true };
    const dead = await handleDeadToken({ token, times }, devin, trail, proving);
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
  const [intent, listing] = await Promise.all([
    dryRun ? NO_INTENT : recordIntent(report, { service_user_id }, trail),
    devin.listKeys(service_user_id, retry),
  ]);
  if (intent.status === 'decided' || intent.status === 'on_record') return intent;
  if (!listing.ok && listing.status === 404) return ofAnotherEnterprise(service_user_id);
  if (!listing.ok) {
    const { reason, retryable } = listing;
    return decided({ status: 'failed', service_user_id, reason, retryable });
  }

  const owned = { service_user_id, token, use: used.use, keys: listing.keys, isOnlyAdmin };
  const found = await resolveByListing(owned, times, deps);
  return found.status === 'found' ? { status: 'resolved', target: found.target, intent } : found;
}

/** The token works, so its service user exists; the admin token does not see it. */
function ofAnotherEnterprise(service_user_id: string): Decided {
  return decided({
    status: 'escalated',
    service_user_id,
    reason: `the token works, but our admin token does not see ${service_user_id} (HTTP 404): it belongs to another enterprise`,
    next_step:
      'find out whose enterprise it is and tell its admins, who alone can revoke the key; the alert stays open',
  });
}

async function resolveByListing(
  owned: OwnedToken,
  times: LeakTimes,
  { ambiguousKey, deadline, devin, proofWindowMs }: Deps,
): Promise<FoundTarget | Decided> {
  const { isOnlyAdmin, keys, service_user_id } = owned;
  const died = async (windowMs: number): Promise<RecentDeath> =>
    isOnlyAdmin
      ? { status: 'still_works' }
      : checkRecentDeath(owned, times, devin, { deadline, windowMs, control: true }, proofWindowMs);
  // A key that ended a moment ago may still work, and then it is the one: its token dies within the window.
  if (endedRecently(keys, Date.now(), proofWindowMs).length > 0) {
    const before = await died(proofWindowMs);
    if (before.status === 'decided') return before;
    if (before.status === 'unclear') {
      const reason =
        'a key of the service user ended a moment ago, and it is not clear yet whether the token is dying with it';
      return decided({ status: 'still_alive', service_user_id, reason, retryable: true });
    }
  }
  const searchUntil = deadline - proofWindowMs - AFTER_SEARCH_MS;
  const found = await targetByListing(owned, devin, { ambiguousKey, searchUntil, retry: { deadline } });
  switch (found.status) {
    case 'found':
      return found;
    case 'none': {
      const reason = 'the token works, yet the listing shows no active key that it could be of';
      return decided({ status: 'still_alive', service_user_id, reason, retryable: true });
    }
    case 'decided': {
      // Somebody may have revoked the key while it was searched for.
      const meanwhile = await died(0);
      return meanwhile.status === 'decided' ? meanwhile : found;
    }
    default:
      return found satisfies never;
  }
}

/** A dry run records no intent. */
const NO_INTENT = { status: 'intent_skipped' } as const;
