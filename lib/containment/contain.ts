import { AuditStoreError } from '../audit/read-earlier.ts';
import { SecretError } from '../aws/secrets.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided, type OnRecord, type Outcome, type OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { endedRecently } from '../identify/choose-key.ts';
import { probeToken } from '../identify/probe-token.ts';
import { type Leak, readLeak } from '../identify/read-leak.ts';
import type { FoundTarget, Target } from '../identify/target.ts';
import { targetByIds } from '../identify/target-by-ids.ts';
import { type OwnedToken, targetByListing } from '../identify/target-by-listing.ts';
import { tokenOwner } from '../identify/token-owner.ts';
import { afterSend, errorFields, log } from '../platform/log.ts';
import { acceptDelete } from './accept-delete.ts';
import { checkAlert } from './check-alert.ts';
import { checkOwnKey, type OwnKeyCheck } from './check-own-key.ts';
import { checkRecentDeath } from './check-recent-death.ts';
import { closeAlert } from './close-alert.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { Deps } from './deps.ts';
import { describeRevocation } from './describe-revocation.ts';
import type { LeakTimes } from './exposure.ts';
import { findEntry } from './find-entry.ts';
import { handleDeadToken } from './handle-dead-token.ts';
import { proveDead } from './prove-dead.ts';
import { type IntentResult, recordIntent } from './record-intent.ts';
import { recordOutcome } from './record-outcome.ts';
import { rememberKey } from './remember-key.ts';
import type { Revocation } from './revocation.ts';
import { revokeCandidates } from './revoke-candidates.ts';
import { revokeKey } from './revoke-key.ts';

/** Milliseconds that must be left to revoke our own key. */
const OWN_KEY_MS = 15_000;
/** Milliseconds that must be left after the search for the key, beside the proof window. */
const AFTER_SEARCH_MS = 5_000;

/**
 * The whole sequence for one report: read the leak, then `containLeak`, then record the outcome. Whatever happens ends
 * in an outcome; nothing is thrown. In it, `recorded: false` means that the audit store did not take the record.
 */
export async function contain(report: Report, deps: Deps): Promise<Outcome> {
  const read = await readLeak(report, deps.github, { deadline: deps.deadline }).catch(unexpected);
  const end = read.status === 'read' ? await containLeak(report, read.leak, deps).catch(unexpected) : read;
  if (end.status === 'on_record') return { ...end.outcome, ...(await deps.trail.again(end.outcome)) };
  const token = read.status === 'read' ? read.leak.token : undefined;
  const [outcome] = await Promise.all([
    recordOutcome({ ...end.draft, report_id: report.report_id }, deps.trail),
    rememberKey(end.draft, token, deps.trail),
  ]);
  return outcome;
}

/** Check whose key it is, resolve the target with its intent recorded, revoke, prove, close the alert. */
async function containLeak(report: Report, leak: Leak, deps: Deps): Promise<Decided | OnRecord> {
  const { report_id } = report;
  const times = { leakedAt: leak.alert?.created_at ?? report.leaked_at, seenAt: report.seen_at };
  const checked = await checkAlert(leak.alert, deps.trail);
  if (checked.status !== 'proceed') return checked;

  const checkingOwnKey = checkOwnKey(leak.token, deps.admin);
  const [own, resolved] = await Promise.all([
    checkingOwnKey,
    leak.kind === 'key'
      ? resolveByIds(report, leak.key, leak.token, deps)
      : resolveByToken(report, leak.token, times, checkingOwnKey, deps),
  ]);
  if (resolved.status === 'on_record') return resolved;
  const retry = { deadline: deps.deadline };
  const close = async (draft: OutcomeDraft): Promise<Decided> =>
    decided(
      deps.dryRun ? draft : await closeAlert(draft, { alert: leak.alert, report_id }, deps.github, retry),
    );
  if (resolved.status === 'decided') return close({ ...resolved.draft, ...own.facts });

  const { intent, target } = resolved;
  const { attribution } = target;
  const named = target.kind === 'key' ? target.key : { service_user_id: target.service_user_id };
  afterSend(() => log('info', 'identified', { report_id, ...named, method: attribution.method }));
  if (deps.dryRun) {
    const reason = 'dry run: this would have been revoked';
    return decided({ status: 'rehearsed', ...named, ...own.facts, attribution, reason });
  }

  // The other reports of the batch need the admin token too.
  if (own.isOnlyAdmin) await deps.place.waitForOthers(deps.deadline - OWN_KEY_MS);
  const draft = { ...(await revoke(report_id, target, intent, own, times, deps)), ...own.facts };
  // A closed alert would hide the leak from the next delivery, which has to put it on record.
  return intent.status === 'intent_not_stored' ? decided(draft) : close(draft);
}

type Resolved = { readonly status: 'resolved'; readonly target: Target; readonly intent: IntentResult };

/** The report names the key: the intent is recorded while its token, if there is one, is asked whose it is. */
async function resolveByIds(
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

/** The report holds a token alone: its service user's listing shows the key, while the intent is recorded. */
async function resolveByToken(
  report: Report,
  token: Token,
  times: LeakTimes,
  checkingOwnKey: Promise<OwnKeyCheck>,
  deps: Deps,
): Promise<Resolved | Decided | OnRecord> {
  const { deadline, devin, dryRun, trail } = deps;
  const retry = { deadline };
  const [{ probe, use }, { isOnlyAdmin }] = await Promise.all([
    probeToken(devin, token, retry),
    checkingOwnKey,
  ]);
  const owner = tokenOwner(probe);
  if (owner.status === 'decided') return owner;
  if (owner.status === 'nobody') {
    const dead = { report_id: report.report_id, token, times, dryRun };
    return handleDeadToken(dead, devin, trail, retry);
  }

  const { service_user_id } = owner;
  const [intent, listing] = await Promise.all([
    dryRun ? NO_INTENT : recordIntent(report, { service_user_id }, trail),
    devin.listKeys(service_user_id, retry),
  ]);
  if (intent.status === 'decided' || intent.status === 'on_record') return intent;
  if (!listing.ok) {
    const { reason, retryable } = listing;
    return decided({ status: 'failed', service_user_id, reason, retryable });
  }

  const owned = { service_user_id, token, use, keys: listing.keys, isOnlyAdmin };
  const found = await resolveByListing(owned, times, deps);
  return found.status === 'found' ? { status: 'resolved', target: found.target, intent } : found;
}

async function resolveByListing(
  owned: OwnedToken,
  times: LeakTimes,
  { ambiguousKey, deadline, devin, proofWindowMs }: Deps,
): Promise<FoundTarget | Decided> {
  const { isOnlyAdmin, keys, service_user_id } = owned;
  const died = async (windowMs: number) =>
    isOnlyAdmin
      ? ({ status: 'still_works' } as const)
      : checkRecentDeath(owned, times, devin, { deadline, windowMs, control: true }, proofWindowMs);
  // A key that ended a moment ago may still work, and then it is the one: its token dies within the window.
  if (endedRecently(keys, Date.now(), proofWindowMs).length > 0) {
    const before = await died(proofWindowMs);
    if (before.status === 'decided') return before;
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

/** Revokes the key, or the candidates one by one, and proves the token dead. */
async function revoke(
  report_id: string,
  target: Target,
  intent: IntentResult,
  { isOnlyAdmin }: OwnKeyCheck,
  times: LeakTimes,
  deps: Deps,
): Promise<OutcomeDraft> {
  const startedAt = Date.now();
  const proving = { deadline: deps.deadline, windowMs: deps.proofWindowMs };
  const revocation =
    target.kind === 'candidates'
      ? await revokeCandidates(target, deps.devin, deps.trail, proving)
      : await revokeOne(report_id, target, isOnlyAdmin, deps);
  if (revocation.status === 'decided') return { ...revocation.draft, attribution: target.attribution };

  const { accepted, key, proof } = revocation;
  const shown = proof.status === 'dead' ? 'proven dead' : 'not proven dead';
  afterSend(() => log('info', shown, { report_id, ...key }));
  const before = intent.status === 'intent_stored' ? intent.unseenSince : undefined;
  const unseenSince = before ?? (accepted.uncertain ? startedAt : undefined);
  const draft = decideOutcome({ ...revocation, unseenSince });
  return describeRevocation(draft, revocation, target, { ...times, startedAt });
}

/** DELETE, then proof. The listing is read beside both, for the record alone, so it holds nothing back. */
async function revokeOne(
  report_id: string,
  { entry, key, token }: Extract<Target, { kind: 'key' }>,
  isOnlyAdmin: boolean,
  { deadline, devin, proofWindowMs, recheck }: Deps,
): Promise<Revocation | Decided> {
  const instead = await recheck?.(key);
  if (instead !== undefined) return decided(instead);

  const deleting = revokeKey(devin, key, { deadline });
  const reading = entry === undefined && !isOnlyAdmin ? findEntry(devin, key, deadline) : entry;
  const accepted = acceptDelete(key, await deleting, { isOnlyAdmin, tokenWorks: token !== undefined });
  if (accepted.status === 'decided') return accepted;
  const { answer } = accepted;
  afterSend(() => log('info', answer.replace('_', ' '), { report_id, ...key }));

  const [proof, before, after] = await Promise.all([
    proveDead(devin, { ...key, token }, { deadline, windowMs: proofWindowMs, control: !isOnlyAdmin }),
    reading,
    answer === 'already_revoked' && !isOnlyAdmin ? findEntry(devin, key, deadline) : undefined,
  ]);
  const known = before ?? after;
  // When it was revoked is in the later listing, when it was used before us in the earlier one.
  const merged = known && { ...(after ?? known), last_used_at: known.last_used_at };
  return { status: 'deleted', key, accepted, proof, entry: merged };
}

function unexpected(error: unknown): Decided {
  log('error', 'a step failed', errorFields(error));
  // Only messages of our own enter the outcome: others may quote input.
  const isOwnMessage = error instanceof SecretError || error instanceof AuditStoreError;
  const reason = isOwnMessage ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;
  return decided({ status: 'failed', reason, retryable: true });
}
