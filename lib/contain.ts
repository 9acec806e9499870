import { JournalError } from './audit/journal.ts';
import { closeAlert } from './close.ts';
import { deadOnArrival } from './dead-on-arrival.ts';
import type { Deps } from './deps.ts';
import { eradicate, proofOptions } from './eradicate.ts';
import { exposure } from './exposure.ts';
import { endedLately } from './identify/choose.ts';
import { type Leak, readLeak } from './identify/leak.ts';
import { judgeOwner } from './identify/owner.ts';
import { type Target, targetByIds, targetByListing } from './identify/target.ts';
import type { Key } from './key.ts';
import { count, errorFields, log } from './log.ts';
import type { Ending, Outcome } from './outcome.ts';
import { type Own, ownKey } from './own-key.ts';
import { prove } from './prove.ts';
import type { Report } from './report.ts';
import { SecretError } from './secrets.ts';
import type { Token } from './token.ts';
import { type Ahead, type OnRecord, writeAhead } from './write-ahead.ts';

/** What is to be revoked, with its intent written. */
interface Marked {
  readonly target: Target;
  readonly ahead: Ahead;
}

/**
 * The whole sequence for one report: identify, intent, revoke, prove, close, outcome. Whatever happens ends in an
 * outcome; nothing is thrown. In it, `recorded: false` means that the audit store did not take the record.
 */
export async function contain(report: Report, deps: Deps): Promise<Outcome> {
  const { ending, token } = await run(report, deps).catch((error) => ({
    ending: unexpected(error),
    token: undefined,
  }));
  if ('recorded' in ending) return { ...ending, ...(await deps.journal.again(ending)) };
  const outcome: Outcome = { ...ending, report_id: report.report_id };
  count('Outcome', { status: outcome.status });
  if (outcome.status === 'ignored') {
    log('info', 'ignored', { report_id: report.report_id, reason: outcome.reason });
    return outcome;
  }
  const [{ forwarded, result, told }] = await Promise.all([
    deps.journal.settle(outcome),
    note(ending, token, deps),
  ]);
  // The first outcome stands: a redelivery answers with it.
  const first = result === 'exists' ? await deps.journal.earlier().catch(() => undefined) : undefined;
  return {
    ...(first?.outcome ?? told),
    recorded: result !== 'failed',
    ...(forwarded === false && { forwarded }),
  };
}

async function run(
  report: Report,
  deps: Deps,
): Promise<{ ending: Ending | OnRecord; token?: Token | undefined }> {
  const leak = await readLeak(report, deps.github, deps);
  if ('status' in leak) return { ending: leak };
  return { ending: await work(report, leak, deps), token: leak.token };
}

async function work(report: Report, leak: Leak, deps: Deps): Promise<Ending | OnRecord> {
  if (leak.alert?.open === false) {
    const earlier = await deps.journal.earlier();
    if (earlier.outcome !== undefined) return { ...earlier.outcome, recorded: true };
    if (earlier.intent === undefined) return { status: 'ignored', reason: 'the alert is resolved already' };
  }
  const owning = ownKey(leak.token, deps);
  const [own, marked] = await Promise.all([
    owning,
    leak.key === undefined
      ? findByToken(report, leak, owning, deps)
      : checkIds(report, leak.key, leak.token, deps),
  ]);
  if ('recorded' in marked) return marked;
  if ('status' in marked) return close(report, { ...marked, ...own.mark }, leak, deps);

  const { ahead, target } = marked;
  const [only] = target.keys;
  const named = {
    service_user_id: target.service_user_id,
    ...(target.keys.length === 1 && only && pick(only)),
  };
  log('info', 'identified', { report_id: report.report_id, ...named, method: target.attribution.method });
  if (deps.dryRun) {
    const { attribution } = target;
    return {
      status: 'rehearsed',
      ...named,
      ...own.mark,
      attribution,
      reason: 'dry run: this would have been revoked',
    };
  }
  await own.waitForOthers();
  const circumstances = {
    unseenSince: ahead.unseenSince,
    leakedAt: leak.alert?.created_at ?? report.leaked_at,
    isOnlyAdmin: own.isOnlyAdmin,
  };
  const ending = { ...(await eradicate(report, target, circumstances, deps)), ...own.mark };
  // A closed alert would hide the leak from the next delivery, which has to put it on record.
  return ahead.isStored ? close(report, ending, leak, deps) : ending;
}

/** The report names the key: the intent is stored while its token, if there is one, is asked whose it is. */
async function checkIds(
  report: Report,
  key: Key,
  token: Token | undefined,
  deps: Deps,
): Promise<Marked | Ending | OnRecord> {
  const [ahead, probe] = await Promise.all([
    writeAhead(report, key, deps),
    token && deps.devin.probe(token, deps),
  ]);
  if (!('isStored' in ahead)) return ahead;
  const target = targetByIds(key, token, probe);
  return 'status' in target ? target : { target, ahead };
}

/** The report holds a token alone: its service user's listing tells the key, while the intent is stored. */
async function findByToken(
  report: Report,
  leak: Leak,
  owning: Promise<Own>,
  deps: Deps,
): Promise<Marked | Ending | OnRecord> {
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
  const ended = endedLately(listing.keys, Date.now(), deps.proofWindowMs);
  const dying =
    ended.length > 0 && !isOnlyAdmin
      ? await prove(deps.devin, { service_user_id, token }, proofOptions(deps))
      : undefined;
  if (dying?.verdict === 'dead') {
    const { proof } = dying;
    const facts = { leakedAt: leak.alert?.created_at ?? report.leaked_at, seenAt: report.seen_at, proof };
    const [only, ...more] = ended;
    return {
      status: 'already_revoked',
      service_user_id,
      ...(only && more.length === 0 && { api_key_id: only.api_key_id, api_key_name: only.api_key_name }),
      attribution: { method: 'elimination', confidence: 'medium' },
      exposure: exposure({
        ...facts,
        entry: more.length === 0 ? only : undefined,
        firstUse: use.apiSecond,
        usedByUs: true,
      }),
      evidence: 'token_rejected',
      proof,
    };
  }
  const target = await targetByListing(
    { service_user_id, token, use, keys: listing.keys, isOnlyAdmin },
    deps,
  );
  if (target === undefined) {
    const reason = 'the token works, yet the listing shows no active key that it could be of';
    return { status: 'still_alive', service_user_id, reason, retryable: true };
  }
  return 'status' in target ? target : { target, ahead };
}

async function close(
  report: Report,
  ending: Ending,
  { alert }: Leak,
  deps: Deps,
): Promise<Ending | OnRecord> {
  if (alert === undefined || deps.github === undefined || deps.dryRun || 'recorded' in ending) return ending;
  if (ending.status !== 'revoked' && ending.status !== 'already_revoked') return ending;
  if (!alert.open) return { ...ending, alert: { closed: true, reason: 'the alert was resolved before' } };
  const closed = await closeAlert(deps.github, alert.ref, ending, deps);
  log('info', closed.closed ? 'alert closed' : 'alert not closed', {
    report_id: report.report_id,
    ...closed,
  });
  return { ...ending, alert: closed };
}

/** Which key the token was of, for the next report of the same token. */
async function note(ending: Ending, token: Token | undefined, { journal }: Deps): Promise<void> {
  const { api_key_id, service_user_id, status } = ending;
  if (token === undefined || service_user_id === undefined || api_key_id === undefined) return;
  if (status === 'revoked') await journal.remember(token, { service_user_id, api_key_id });
}

function pick({ api_key_id }: { readonly api_key_id: string }): { api_key_id: string } {
  return { api_key_id };
}

function unexpected(error: unknown): Ending {
  log('error', 'a step failed', errorFields(error));
  // Only messages of our own are told: others may quote input.
  const isOurs = error instanceof SecretError || error instanceof JournalError;
  const reason = isOurs ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;
  return { status: 'failed', reason, retryable: true };
}
