import { type Journal, JournalError } from './audit/journal.ts';
import { closeAlert } from './close.ts';
import { conclude } from './conclude.ts';
import type { ApiKey, Devin } from './devin.ts';
import type { GitHub } from './github.ts';
import { chooseKey, judgeOwner, keyRevokedSince, type Leak, readLeak } from './identify.ts';
import type { Key } from './key.ts';
import { count, errorFields, log } from './log.ts';
import type { Ending, Outcome } from './outcome.ts';
import { prove } from './prove.ts';
import type { Report } from './report.ts';
import { revokeKey } from './revoke.ts';
import { SecretError } from './secrets.ts';
import type { Token } from './token.ts';

export interface Deps {
  readonly devin: Devin;
  readonly github?: GitHub | undefined;
  readonly journal: Journal;
  readonly dryRun: boolean;
  readonly proofWindowMs: number;
  /** Epoch milliseconds after which nothing new is tried. */
  readonly deadline: number;
}

/** The key to revoke, and the token that proves it dead. */
interface Target {
  readonly key: Key;
  readonly token?: Token | undefined;
  /** Epoch milliseconds since when an earlier delivery may have revoked it unseen. */
  readonly unseenSince?: number | undefined;
}

/** `recorded: true` marks an outcome that is on record from an earlier delivery. */
type Step<T> = T | Ending | (Outcome & { recorded: true });

/**
 * The whole sequence for one report: identify, intent, revoke, prove, close, outcome. Whatever happens ends in an
 * outcome; nothing is thrown. In it, `recorded: false` means that the audit store did not take the record.
 */
export async function contain(report: Report, deps: Deps): Promise<Outcome> {
  const unsaved = await deps.journal.resume();
  if (unsaved !== undefined) return unsaved;
  const ending = await run(report, deps).catch(unexpected);
  if ('recorded' in ending) return { ...ending, ...(await deps.journal.again(ending)) };
  const outcome: Outcome = { ...ending, report_id: report.report_id };
  count('Outcome', { status: outcome.status });
  if (outcome.status === 'ignored') {
    log('info', 'ignored', { report_id: report.report_id, reason: outcome.reason });
    return outcome;
  }
  const { forwarded, result } = await deps.journal.settle(outcome);
  // The first outcome stands: a redelivery answers with it.
  const first = result === 'exists' ? await deps.journal.earlier().catch(() => undefined) : undefined;
  return {
    ...(first?.outcome ?? outcome),
    recorded: result !== 'failed',
    ...(forwarded === false && { forwarded }),
  };
}

async function run(report: Report, deps: Deps): Promise<Step<never>> {
  const leak = await readLeak(report, deps.github, deps);
  if ('status' in leak) return leak;
  if (leak.alert?.open === false) {
    const earlier = await deps.journal.earlier();
    if (earlier.outcome !== undefined) return { ...earlier.outcome, recorded: true };
    if (earlier.intent === undefined) return { status: 'ignored', reason: 'the alert is resolved already' };
  }
  const target =
    leak.key === undefined
      ? await findByToken(report, leak, deps)
      : await checkKey(report, leak.key, leak.token, deps);
  const ending = 'status' in target ? target : await revokeAndProve(report, target, deps);
  return close(report, ending, leak, deps);
}

/** The report names the key: the intent is stored while the token, if there is one, is asked whose it is. */
async function checkKey(
  report: Report,
  key: Key,
  token: Token | undefined,
  deps: Deps,
): Promise<Step<Target>> {
  const [intent, probe] = await Promise.all([
    writeAhead(report, key, deps),
    token && deps.devin.probe(token, deps),
  ]);
  if ('status' in intent) return intent;
  const target = { key, ...intent };
  if (probe === undefined || probe.state === 'unknown') return { ...target, token };
  const owner = judgeOwner(probe);
  // A token that is dead already proves nothing of the key; the listing does.
  if (owner.owner === 'nobody') return target;
  if (owner.owner === 'undecided') return { ...owner.ending, ...key };
  if (owner.service_user_id !== key.service_user_id) {
    return {
      status: 'escalated',
      ...key,
      reason: `the report names a key of ${key.service_user_id}, but the token belongs to ${owner.service_user_id}`,
      next_step:
        'find out which is right, and invoke the function with the ids alone or with the token alone',
    };
  }
  return { ...target, token };
}

/** The report holds a token alone: its owner's key listing tells which key it is, while the intent is stored. */
async function findByToken(report: Report, { token }: Leak, deps: Deps): Promise<Step<Target>> {
  if (token === undefined) throw new Error('a leak has a key or a token');
  const owner = judgeOwner(await deps.devin.probe(token, deps));
  if (owner.owner === 'undecided') return owner.ending;
  if (owner.owner === 'nobody') return deadOnArrival(deps);
  const { service_user_id } = owner;
  const [intent, listing] = await Promise.all([
    writeAhead(report, { service_user_id }, deps),
    deps.devin.listKeys(service_user_id, deps),
  ]);
  if ('status' in intent) return intent;
  if (!listing.ok)
    return { status: 'failed', service_user_id, reason: listing.reason, retryable: listing.retryable };
  const chosen = chooseKey(service_user_id, listing.keys);
  switch (chosen.choice) {
    case 'key':
      return { key: chosen.key, token, ...intent };
    case 'none':
      return noActiveKey(service_user_id, token, deps);
    case 'ambiguous':
      return ambiguous(service_user_id, chosen.candidates);
    default:
      return chosen satisfies never;
  }
}

async function revokeAndProve(
  report: Report,
  { key, token, unseenSince }: Target,
  deps: Deps,
): Promise<Ending> {
  const { deadline, devin, proofWindowMs } = deps;
  step(report, 'identified', key);
  if (deps.dryRun)
    return { status: 'rehearsed', ...key, reason: 'dry run: this key would have been revoked' };
  const started = Date.now();
  const revoked = await revokeKey(devin, key, deps);
  if (revoked.result === 'refused') {
    return { status: 'failed', ...key, reason: revoked.reason, retryable: revoked.retryable };
  }
  if (revoked.result === 'absent') return absent(key, token);
  step(report, revoked.result === 'revoked' ? 'revoked' : 'already revoked', key);
  const [verdict, entry] = await Promise.all([
    prove(devin, { key, token }, { windowMs: proofWindowMs, deadline }),
    revoked.result === 'already_revoked' ? findEntry(key, deps) : undefined,
  ]);
  step(report, verdict.verdict === 'dead' ? 'proven dead' : 'not proven dead', key);
  const since = unseenSince ?? (revoked.uncertain ? started : undefined);
  return conclude({ key, revoked, verdict, entry, unseenSince: since });
}

async function close(report: Report, ending: Step<never>, { alert }: Leak, deps: Deps): Promise<Step<never>> {
  if (alert === undefined || 'recorded' in ending || deps.github === undefined) return ending;
  if (ending.status !== 'revoked' && ending.status !== 'already_revoked') return ending;
  if (!alert.open) return { ...ending, alert: { closed: true, reason: 'the alert was resolved before' } };
  if (deps.dryRun) return ending;
  const closed = await closeAlert(deps.github, alert.ref, ending, deps);
  step(report, closed.closed ? 'alert closed' : 'alert not closed', closed);
  return { ...ending, alert: closed };
}

/** Stores the intent. A leak is revoked even when the store is down; a manual or scheduled run is not. */
async function writeAhead(
  report: Report,
  key: { service_user_id: string; api_key_id?: string },
  { dryRun, journal }: Deps,
): Promise<Step<{ unseenSince?: number }>> {
  if (dryRun) return {};
  const stored = await journal.intent(key);
  if (stored.result === 'failed') {
    if (report.invoked_by === 'console' || report.invoked_by === 'schedule') {
      const reason = `nothing is revoked without a stored intent: ${stored.reason}`;
      return { status: 'failed', ...key, reason, retryable: true };
    }
    log('error', 'revoking without a stored intent', { report_id: report.report_id, reason: stored.reason });
    return {};
  }
  if (stored.result === 'stored') return {};
  const earlier = await journal.earlier().catch(() => undefined);
  if (earlier?.outcome !== undefined) return { ...earlier.outcome, recorded: true };
  return { unseenSince: earlier?.intent?.time ?? report.seen_at };
}

/** The token is answered 401 at once. An earlier delivery that died after its DELETE left an intent. */
async function deadOnArrival(deps: Deps): Promise<Step<never>> {
  const [earlier, control] = await Promise.all([deps.journal.earlier(), deps.devin.probeAdmin(deps)]);
  if (earlier.outcome !== undefined) return { ...earlier.outcome, recorded: true };
  if (control.state !== 'alive') {
    const reason =
      'the token is answered 401, but the admin token does not work either, which proves nothing';
    return { status: 'failed', reason, retryable: true };
  }
  if (deps.dryRun) return { status: 'rehearsed', reason: 'dry run: the token is dead already' };
  const proof = { method: 'token', probes: 1, at: Date.now() } as const;
  if (earlier.intent === undefined) return { status: 'already_revoked', evidence: 'dead_on_arrival', proof };
  const { api_key_id, service_user_id, time } = earlier.intent;
  const listing = await deps.devin.listKeys(service_user_id, deps);
  const found = listing.ok ? keyRevokedSince(time, listing.keys)?.api_key_id : undefined;
  const id = api_key_id ?? found;
  return {
    status: 'revoked',
    service_user_id,
    ...(id !== undefined && { api_key_id: id }),
    evidence: 'recovered',
    proof,
  };
}

/** The listing shows no active key, so the token's own was revoked a moment ago: it must stop working soon. */
async function noActiveKey(service_user_id: string, token: Token, deps: Deps): Promise<Ending> {
  const key = { service_user_id, api_key_id: '' };
  const verdict = await prove(
    deps.devin,
    { key, token },
    { windowMs: deps.proofWindowMs, deadline: deps.deadline },
  );
  if (verdict.verdict === 'dead') {
    return { status: 'already_revoked', service_user_id, evidence: 'token_rejected', proof: verdict.proof };
  }
  const reason = `the listing shows no active key: ${verdict.reason}`;
  return verdict.verdict === 'alive'
    ? { status: 'still_alive', service_user_id, reason, retryable: true }
    : { status: 'failed', service_user_id, reason, retryable: true };
}

function ambiguous(service_user_id: string, candidates: readonly ApiKey[]): Ending {
  return {
    status: 'escalated',
    service_user_id,
    reason: `${service_user_id} has ${candidates.length} active keys, and nothing tells which of them leaked`,
    next_step: `find the key and invoke the function with {"service_user_id": "${service_user_id}", "api_key_id": "…"}`,
  };
}

function absent(key: Key, token: Token | undefined): Ending {
  return token === undefined
    ? { status: 'not_found', ...key, reason: 'Devin does not know the key, and the listing does not show it' }
    : {
        status: 'escalated',
        ...key,
        reason: 'Devin does not know the key, yet the token works: the report names the wrong key',
        next_step: 'invoke the function with the token alone',
      };
}

async function findEntry({ api_key_id, service_user_id }: Key, deps: Deps): Promise<ApiKey | undefined> {
  const listing = await deps.devin.listKeys(service_user_id, deps);
  return listing.ok ? listing.keys.find((key) => key.api_key_id === api_key_id) : undefined;
}

function step({ report_id }: Report, message: string, fields: object): void {
  log('info', message, { report_id, ...fields });
}

function unexpected(error: unknown): Ending {
  log('error', 'a step failed', errorFields(error));
  // Only messages of our own are told: others may quote input.
  const isOurs = error instanceof SecretError || error instanceof JournalError;
  const reason = isOurs ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;
  return { status: 'failed', reason, retryable: true };
}
