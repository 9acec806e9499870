import { JournalError } from '../audit/trail.ts';
import { SecretError } from '../aws/secrets.ts';
import type { Outcome, OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { type Leak, readLeak } from '../identify/read-leak.ts';
import { afterSend, errorFields, log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import { ownKey } from './check-own-key.ts';
import { closeAlert } from './close-alert.ts';
import type { Deps } from './deps.ts';
import type { OnRecord } from './record-intent.ts';
import { markByIds, markByToken } from './resolve-target.ts';
import { eradicate } from './revoke-target.ts';

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
  if (outcome.status === 'ignored') {
    count('Outcome', { status: outcome.status });
    log('info', 'ignored', { report_id: report.report_id, reason: outcome.reason });
    return outcome;
  }
  afterSend(() => count('Outcome', { status: outcome.status }));
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
): Promise<{ ending: OutcomeDraft | OnRecord; token?: Token | undefined }> {
  const leak = await readLeak(report, deps.github, deps);
  if ('status' in leak) return { ending: leak };
  return { ending: await work(report, leak, deps), token: leak.token };
}

async function work(report: Report, leak: Leak, deps: Deps): Promise<OutcomeDraft | OnRecord> {
  if (leak.alert?.open === false) {
    const earlier = await deps.journal.earlier();
    if (earlier.outcome !== undefined) return { ...earlier.outcome, recorded: true };
    if (earlier.intent === undefined) return { status: 'ignored', reason: 'the alert is resolved already' };
  }
  const owning = ownKey(leak.token, deps);
  const [own, marked] = await Promise.all([
    owning,
    leak.key === undefined
      ? markByToken(report, leak, owning, deps)
      : markByIds(report, leak.key, leak.token, deps),
  ]);
  if ('recorded' in marked) return marked;
  if ('status' in marked) return close(report, { ...marked, ...own.mark }, leak, deps);

  const { ahead, target } = marked;
  const [only] = target.keys;
  const named = {
    service_user_id: target.service_user_id,
    ...(target.keys.length === 1 && only && pick(only)),
  };
  const { attribution } = target;
  afterSend(() =>
    log('info', 'identified', { report_id: report.report_id, ...named, method: attribution.method }),
  );
  if (deps.dryRun) {
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

async function close(
  report: Report,
  ending: OutcomeDraft,
  { alert }: Leak,
  deps: Deps,
): Promise<OutcomeDraft | OnRecord> {
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

/** Which key the token was of, for the next report of the same token. One that was dead before its key tells nothing. */
async function note(ending: OutcomeDraft, token: Token | undefined, { journal }: Deps): Promise<void> {
  const { api_key_id, attribution, service_user_id } = ending;
  if (token === undefined || service_user_id === undefined || api_key_id === undefined) return;
  if (!('proof' in ending) || ending.proof.method !== 'token' || ending.evidence === 'dead_on_arrival')
    return;
  const { confidence = 'medium' } = attribution ?? {};
  await journal.remember(token, { service_user_id, api_key_id, confidence });
}

function pick({ api_key_id }: { readonly api_key_id: string }): { api_key_id: string } {
  return { api_key_id };
}

function unexpected(error: unknown): OutcomeDraft {
  log('error', 'a step failed', errorFields(error));
  // Only messages of our own are told: others may quote input.
  const isOurs = error instanceof SecretError || error instanceof JournalError;
  const reason = isOurs ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;
  return { status: 'failed', reason, retryable: true };
}
