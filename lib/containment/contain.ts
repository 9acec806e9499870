import { trailOfPart } from '../audit/trail.ts';
import type { Key } from '../domain/key.ts';
import type { Decided, OnRecord, Outcome, OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { type Leak, type LeakAlert, readLeak } from '../identify/read-leak.ts';
import { afterSend, errorFields, log } from '../platform/log.ts';
import { checkAlert } from './check-alert.ts';
import { checkOwnKey } from './check-own-key.ts';
import { closeAlert } from './close-alert.ts';
import { completeOutcome } from './complete-outcome.ts';
import type { Deps } from './deps.ts';
import { isForRecheck } from './is-for-recheck.ts';
import { recordOutcome } from './record-outcome.ts';
import { rememberKey } from './remember-key.ts';
import { reopenIncident } from './reopen-incident.ts';
import { resolveByIds, resolveByToken } from './resolve-target.ts';
import { revokeTarget } from './revoke-target.ts';

/** Milliseconds that must be left to revoke our own key. */
const OWN_KEY_MS = 15_000;

/** More tokens than this in one secret are left to a person, so that the cost of a report is bounded. */
const MAX_TOKENS = 20;

/** By name, as a file that is loaded late has classes of its own. */
const OWN_ERRORS: ReadonlySet<string> = new Set(['SecretError', 'AuditStoreError', 'ListError']);

/** How one leak of a report ended. */
interface Ended {
  readonly status: 'ended';
  readonly draft: OutcomeDraft;
  readonly token?: Token | undefined;
  /** Keys that a dry run would have revoked. */
  readonly foreseen?: readonly Key[];
  /** A closed alert would hide the leak from the next delivery, which has to put it on record. */
  readonly holdsAlertOpen?: boolean;
}

interface Contained {
  readonly status: 'contained';
  readonly leaks: readonly [Ended, ...Ended[]];
  readonly alert?: LeakAlert | undefined;
}

/**
 * The whole sequence for one report: read the leak, contain each of its tokens, close the alert, then record the outcome.
 * Whatever happens ends in an outcome; nothing is thrown. In it, `recorded: false` means that the audit store did not
 * take the record.
 */
export async function contain(report: Report, deps: Deps): Promise<Outcome> {
  const { report_id } = report;
  const { dryRun, github, trail } = deps;
  const contained = await containReport(report, deps).catch(unexpected);
  if (contained.status === 'on_record') {
    const { outcome } = contained;
    return dryRun ? outcome : { ...outcome, ...(await trail.again(outcome)) };
  }
  const { alert, leaks } = contained;
  const draft = await combined(leaks);
  if (dryRun) {
    const { rehearsal } = await import('./rehearse.ts');
    const revoked = leaks.flatMap(({ foreseen = [] }) => foreseen);
    return recordOutcome({ ...rehearsal({ draft, revoked }, alert), report_id }, trail);
  }
  const isHeld = leaks.some(({ holdsAlertOpen }) => holdsAlertOpen);
  const retry = { deadline: deps.deadline };
  const closed = isHeld ? draft : await closeAlert(draft, { alert, report_id }, github, retry);
  const [outcome] = await Promise.all([
    recordOutcome({ ...completeOutcome(closed, report, alert), report_id }, trail, isUrgent(report)),
    isForRecheck(closed, report) && trail.planRecheck(),
    ...leaks.map((leak) => rememberKey({ ...leak.draft, report_id }, leak.token, deps.registry)),
  ]);
  return outcome;
}

/** A new leak: not what a sweep found. */
function isUrgent({ detector, redeliver }: Report): boolean {
  return detector !== 'sweep' && redeliver !== false;
}

async function combined([first, ...others]: Contained['leaks']): Promise<OutcomeDraft> {
  if (others.length === 0) return first.draft;
  const { combineLeaks } = await import('./combine-leaks.ts');
  return combineLeaks([first.draft, ...others.map(({ draft }) => draft)]);
}

async function containReport(report: Report, deps: Deps): Promise<Contained | OnRecord> {
  const read = await readLeak(report, deps.github, { deadline: deps.deadline });
  if (read.status === 'decided') return { ...contained(read), alert: read.alert };
  const { leak } = read;
  const { alert } = leak;
  const checked = await checkAlert(alert, report, deps.trail);
  if (checked.status === 'on_record') return checked;
  if (checked.status === 'decided') return { ...contained(checked), alert };

  const reopened = { alert };
  const onAlive = async (): Promise<void> => {
    if (!report.recheck || deps.dryRun || alert === undefined || reopened.alert?.open) return;
    reopened.alert = { ...alert, open: true };
    await reopenIncident(report.report_id, alert, deps.github, { deadline: deps.deadline });
  };
  const leaks = await containEach(report, leak, onAlive, deps);
  return leaks.status === 'on_record' ? leaks : { ...leaks, alert: reopened.alert };
}

/**
 * One leak after the other: tokens of one service user would be each other's traffic. Our own token comes last, since the
 * others need it.
 */
async function containEach(
  report: Report,
  leak: Leak,
  onAlive: () => Promise<void>,
  deps: Deps,
): Promise<Contained | OnRecord> {
  if (leak.kind === 'key') return single(await containLeak(report, leak, onAlive, deps));
  const { legacy, tokens } = leak;
  const order = [...tokens.entries()].slice(0, MAX_TOKENS);
  if (order.length > 1) {
    const admin = await deps.admin.get();
    order.sort(([, a], [, b]) => Number(a.equals(admin)) - Number(b.equals(admin)));
  }
  const ended: Ended[] = [];
  for (const [index, token] of order) {
    const part = { kind: 'token', token, alert: leak.alert } as const;
    const trail = trailOfPart(deps.trail, index);
    const end = await containLeak(report, part, onAlive, { ...deps, trail }).catch(failedLeak);
    if (end.status === 'on_record') return end;
    ended.push(end);
  }
  if (legacy !== undefined) ended.push(...contained(legacy).leaks);
  if (tokens.length > MAX_TOKENS) {
    const { tooManyTokens } = await import('../identify/escalate-secret.ts');
    ended.push({ status: 'ended', draft: tooManyTokens(tokens.length, MAX_TOKENS) });
  }
  const [first, ...others] = ended;
  if (first === undefined) throw new RangeError('a leak has a token');
  return { status: 'contained', leaks: [first, ...others] };
}

type LeakPart = { readonly alert?: LeakAlert | undefined } & (
  | { readonly kind: 'key'; readonly key: Key; readonly token?: Token }
  | { readonly kind: 'token'; readonly token: Token }
);

/** Check whose key it is, resolve the target with its intent recorded, revoke, prove. */
async function containLeak(
  report: Report,
  leak: LeakPart,
  onAlive: () => Promise<void>,
  deps: Deps,
): Promise<Ended | OnRecord> {
  const { report_id } = report;
  const { token } = leak;
  const times = { leakedAt: leak.alert?.created_at ?? report.leaked_at, seenAt: report.seen_at };
  const checkingOwnKey = checkOwnKey(token, deps.admin);
  const [own, resolved] = await Promise.all([
    checkingOwnKey,
    leak.kind === 'key'
      ? resolveByIds(report, leak.key, token, deps)
      : resolveByToken(report, { token: leak.token, times, checkingOwnKey, onAlive }, deps),
  ]);
  if (resolved.status === 'on_record') return resolved;
  if (resolved.status === 'decided')
    return { status: 'ended', token, draft: { ...resolved.draft, ...own.facts } };

  const { intent, target } = resolved;
  const named = target.kind === 'key' ? target.key : { service_user_id: target.service_user_id };
  afterSend(() => log('info', 'identified', { report_id, ...named, method: target.attribution.method }));
  if (deps.dryRun) {
    const { foreseeRevocation } = await import('./rehearse.ts');
    const { draft, revoked } = await foreseeRevocation(target, deps.devin, { deadline: deps.deadline });
    return { status: 'ended', draft: { ...draft, ...own.facts }, foreseen: revoked };
  }

  // The other reports of the batch need the admin token too.
  if (own.isOnlyAdmin) await deps.place.waitForOthers(deps.deadline - OWN_KEY_MS);
  const draft = await revokeTarget(target, { report_id, intent, own, times }, deps);
  const holdsAlertOpen = intent.status === 'intent_not_stored';
  return { status: 'ended', token, draft: { ...draft, ...own.facts }, holdsAlertOpen };
}

function contained({ draft }: Decided): Contained {
  return { status: 'contained', leaks: [{ status: 'ended', draft }] };
}

function single(end: Ended | OnRecord): Contained | OnRecord {
  return end.status === 'on_record' ? end : { status: 'contained', leaks: [end] };
}

function unexpected(error: unknown): Contained {
  return { status: 'contained', leaks: [failedLeak(error)] };
}

function failedLeak(error: unknown): Ended {
  log('error', 'a step failed', errorFields(error));
  // Only messages of our own enter the outcome: others may quote input.
  const { message = '', name = 'error' } = error instanceof Error ? error : {};
  const reason = OWN_ERRORS.has(name) ? message : `unexpected ${name}`;
  return { status: 'ended', draft: { status: 'failed', reason, retryable: true } };
}
