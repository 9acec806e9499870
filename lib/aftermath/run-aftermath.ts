import {
  type AftermathStamp,
  aftermathName,
  aftermathRecord,
  END_INTENT,
  endIntentRecord,
} from '../audit/aftermath-record.ts';
import type { AuditContext } from '../audit/audit-entry.ts';
import type { Forward } from '../audit/forward-to-siem.ts';
import { recordFolder, recordPath } from '../audit/record-path.ts';
import type { ListObjects } from '../aws/list-objects.ts';
import type { Notify } from '../aws/sns.ts';
import type { SendMessage } from '../aws/sqs.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Devin } from '../clients/devin.ts';
import { devinActivity } from '../clients/devin-activity.ts';
import type { AdminToken } from '../clients/devin-admin-token.ts';
import { type Aftermath, AftermathRequest } from '../domain/aftermath.ts';
import { threadOf } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { errorFields, log, logRecord } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import { parseJson } from '../platform/parse-json.ts';
import { actOn } from './act-on.ts';
import { buildAftermath } from './build-aftermath.ts';
import { describeAftermath, headline } from './describe-aftermath.ts';
import { lookAt } from './look-at.ts';
import type { KeptSession } from './read-sessions.ts';
import { withoutTokens } from './without-tokens.ts';

/** What an aftermath works with. */
export interface AftermathParts {
  readonly mode: 'report' | 'terminate';
  readonly max: number;
  readonly marginHours: number;
  readonly devinUrl: string;
  /** The token of ACTIVITY_TOKEN_SECRET_ID, else the admin token. */
  readonly credential: AdminToken;
  readonly devin: Pick<Devin, 'listKeys'>;
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  readonly store: AuditStore;
  readonly list: ListObjects;
  readonly forward?: Forward | undefined;
  readonly send?: SendMessage | undefined;
  readonly notify?: Notify | undefined;
  readonly context: Omit<AuditContext, 'attempt'>;
  readonly proofWindowMs: number;
  /** The token of the report, while the invocation that ended it still has it. */
  readonly known?: readonly Token[];
  /** Epoch milliseconds after which nothing new is tried. */
  readonly deadline: number;
}

/** `again`: it goes on by a message on the queue. `lost`: it was to, and the queue did not take the message. */
export type AftermathResult =
  | { readonly status: 'recorded' | 'not_recorded'; readonly aftermath: Aftermath }
  | { readonly status: 'on_record' | 'again' | 'lost' };

/** Tries before what is missing is recorded as missing. */
const MAX_ATTEMPTS = 5;
/** Less than the age of a message that raises QueueAgeAlarm. */
const RETRY_SECONDS = [30, 60, 120, 240];

/** Reads a message of the queue. @returns `undefined` when it is not the request of an aftermath */
export function readAftermathRequest(body: string): AftermathRequest | undefined {
  return parseJson(body, AftermathRequest);
}

/** Looks at what was done since the leak, acts on it where it may, and puts it on record, once for each report. */
export async function runAftermath(
  request: AftermathRequest,
  parts: AftermathParts,
): Promise<AftermathResult> {
  const name = aftermathName(request);
  const path = recordPath(request.report, name);
  const retry = { deadline: parts.deadline, attempts: 4 };
  const earlier = await parts.store.get(path, retry);
  if (earlier.ok && earlier.text !== undefined) {
    const isForwarded = await forwarded(earlier.text, parts);
    return isForwarded ? { status: 'on_record' } : tryAgain(request, 'the SIEM did not take it', parts);
  }

  const mode = request.report_only ? 'report' : parts.mode;
  const activity = devinActivity(parts.devinUrl, parts.credential);
  const sight = await lookAt(request, { ...parts, activity, retry });
  const stamp = stampOf(request, parts);
  const deeds = await actOn(request, sight, {
    ...parts,
    mode,
    activity,
    retry,
    recordIntent: (session) => recordIntent(request, session, stamp, parts),
    earlierIntents: () => earlierIntents(request, parts),
  });
  const facts = withoutTokens(buildAftermath(request, mode, sight, deeds), parts.known ?? []);
  const missing = [...sight.problems, ...deeds.problems].find(({ retryable }) => retryable);
  if (missing !== undefined && mayTryAgain(request, parts)) {
    log('warn', 'aftermath not complete', { ...progress(request, facts), reason: missing.reason });
    return tryAgain(request, missing.reason, parts);
  }
  return record(request, facts, { path, stamp: stamp(name) }, parts);
}

function stampOf({ attempt, report }: AftermathRequest, { context }: AftermathParts) {
  return (name: string): AftermathStamp => ({
    report,
    context: { ...context, attempt },
    name,
    time: Date.now(),
  });
}

async function record(
  request: AftermathRequest,
  aftermath: Aftermath,
  { path, stamp }: { path: string; stamp: AftermathStamp },
  parts: AftermathParts,
): Promise<AftermathResult> {
  const body = aftermathRecord(aftermath, headline(aftermath), stamp);
  const { result } = await parts.store.put(path, body, { deadline: parts.deadline, attempts: 4 });
  logRecord('audit', { audit: result, path }, body);
  log('info', 'aftermath', progress(request, aftermath));
  if (result === 'failed') {
    return mayTryAgain(request, parts)
      ? tryAgain(request, 'the audit store did not take the record', parts)
      : { status: 'not_recorded', aftermath };
  }
  if (result === 'stored') {
    count('Aftermath', { result: aftermath.dry_run ? 'rehearsal' : ratingOf(aftermath) });
    if (isNews(aftermath))
      await parts.notify?.(headline(aftermath), describeAftermath(aftermath).join('\n\n'), {
        thread: threadOf(request.report),
      });
  }
  const isForwarded = await forwarded(body, parts);
  if (!isForwarded && mayTryAgain(request, parts)) {
    return tryAgain(request, 'the SIEM did not take it', parts);
  }
  return { status: 'recorded', aftermath };
}

async function forwarded(body: string, { deadline, forward }: AftermathParts): Promise<boolean> {
  return forward === undefined || forward.post(body, deadline);
}

function ratingOf({ complete, escalated }: Aftermath): string {
  return escalated !== undefined ? 'escalated' : complete ? 'complete' : 'incomplete';
}

function isNews({
  complete,
  escalated,
  keys,
  schedules,
  secrets,
  service_users,
  sessions,
}: Aftermath): boolean {
  const found = [keys, schedules, secrets, service_users, sessions].some(({ total }) => total > 0);
  return found || !complete || escalated !== undefined;
}

function progress({ attempt, report }: AftermathRequest, facts: Aftermath) {
  const { acts, complete, escalated, keys, schedules, service_user_id, sessions } = facts;
  return {
    report_id: report.report_id,
    service_user_id,
    attempt,
    complete,
    escalated,
    sessions: sessions.total,
    running: sessions.running,
    schedules: schedules.total,
    keys: keys.total,
    acts: acts.total,
  };
}

function mayTryAgain({ attempt, exact }: AftermathRequest, { send }: AftermathParts): boolean {
  // A person waits for the answer, whatever it is.
  return send !== undefined && exact !== true && attempt < MAX_ATTEMPTS;
}

async function tryAgain(
  request: AftermathRequest,
  reason: string,
  parts: AftermathParts,
): Promise<AftermathResult> {
  if (!mayTryAgain(request, parts)) return { status: 'lost' };
  const delaySeconds = RETRY_SECONDS[request.attempt - 1] ?? 240;
  const again = { ...request, attempt: request.attempt + 1 };
  try {
    // The invocation still has the time that the deadline kept back.
    await parts.send?.(again, { deadline: parts.deadline + 3_000, delaySeconds });
    return { status: 'again' };
  } catch (error) {
    log('error', 'the aftermath is not queued again', {
      ...errorFields(error),
      report_id: request.report.report_id,
      reason,
    });
    return { status: 'lost' };
  }
}

async function recordIntent(
  { report, service_user_id }: AftermathRequest,
  session: KeptSession,
  stamp: (name: string) => AftermathStamp,
  { deadline, store }: AftermathParts,
): Promise<boolean> {
  const name = `${END_INTENT}${session.session_id}`;
  const path = recordPath(report, name);
  const body = endIntentRecord(service_user_id, session, stamp(name));
  const { result } = await store.put(path, body, { deadline, attempts: 4 });
  logRecord('audit', { audit: result, path }, body);
  return result !== 'failed';
}

async function earlierIntents(
  { report }: AftermathRequest,
  { deadline, list }: AftermathParts,
): Promise<Set<string>> {
  const prefix = `${recordFolder(report)}${END_INTENT}`;
  try {
    const objects = await list(prefix, { deadline });
    return new Set(objects.map(({ key }) => key.slice(prefix.length).replace(/\.json$/, '')));
  } catch (error) {
    log('warn', 'earlier intents are not listed', errorFields(error));
    return new Set();
  }
}
