import { AuditStoreError } from '../audit/read-earlier.ts';
import { SecretError } from '../aws/secrets.ts';
import { type Decided, decided, type OnRecord, type Outcome, type OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import { type Leak, readLeak } from '../identify/read-leak.ts';
import type { Target } from '../identify/target.ts';
import { afterSend, errorFields, log } from '../platform/log.ts';
import { acceptDelete } from './accept-delete.ts';
import { checkAlert } from './check-alert.ts';
import { checkOwnKey, type OwnKeyCheck } from './check-own-key.ts';
import { closeAlert } from './close-alert.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { Deps } from './deps.ts';
import { describeRevocation } from './describe-revocation.ts';
import type { LeakTimes } from './exposure.ts';
import { findEntry } from './find-entry.ts';
import { proveDead } from './prove-dead.ts';
import type { IntentResult } from './record-intent.ts';
import { recordOutcome } from './record-outcome.ts';
import { rememberKey } from './remember-key.ts';
import { resolveByIds, resolveByToken } from './resolve-target.ts';
import type { Revocation } from './revocation.ts';
import { revokeKey } from './revoke-key.ts';

/** Milliseconds that must be left to revoke our own key. */
const OWN_KEY_MS = 15_000;

/**
 * The whole sequence for one report: read the leak, then `containLeak`, then record the outcome. Whatever happens ends
 * in an outcome; nothing is thrown. In it, `recorded: false` means that the audit store did not take the record.
 */
export async function contain(report: Report, deps: Deps): Promise<Outcome> {
  const read = await readLeak(report, deps.github, { deadline: deps.deadline }).catch(unexpected);
  const end = read.status === 'read' ? await containLeak(report, read.leak, deps).catch(unexpected) : read;
  if (end.status === 'on_record') return { ...end.outcome, ...(await deps.trail.again(end.outcome)) };
  const token = read.status === 'read' ? read.leak.token : undefined;
  const ended = { ...end.draft, report_id: report.report_id };
  const [outcome] = await Promise.all([
    recordOutcome(ended, deps.trail),
    rememberKey(ended, token, deps.registry),
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
      ? await (await import('./revoke-candidates.ts')).revokeCandidates(
          target,
          deps.devin,
          deps.trail,
          proving,
        )
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
