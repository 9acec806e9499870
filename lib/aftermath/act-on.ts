import type { SendMessage } from '../aws/sqs.ts';
import type { DevinActivity } from '../clients/devin-activity.ts';
import type { AftermathRequest } from '../domain/aftermath.ts';
import type { Key } from '../domain/key.ts';
import { LeakReport } from '../domain/report.ts';
import { errorFields, log } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type Deeds, keysOf } from './build-aftermath.ts';
import { type EndResult, endSessions, planEnds } from './end-sessions.ts';
import type { Problem, Sight } from './look-at.ts';
import { chaseReport, planChase } from './made-keys.ts';
import { isOver, type KeptSession, readSessions } from './read-sessions.ts';

export interface ActParts {
  readonly activity: DevinActivity;
  readonly mode: 'report' | 'terminate';
  readonly max: number;
  readonly recordIntent: (session: KeptSession) => Promise<boolean>;
  /** Ids of the sessions whose end an earlier try intended. */
  readonly earlierIntents: () => Promise<ReadonlySet<string>>;
  /** The service users of our own tokens; `undefined` while they are not known. */
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  /** Left out where there is no queue. */
  readonly send?: SendMessage | undefined;
  readonly proofWindowMs: number;
  readonly retry: RetryOptions;
}

/** Ends what still runs and queues the keys that were made, within the rules; in the mode `report` it does nothing. */
export async function actOn(request: AftermathRequest, sight: Sight, parts: ActParts): Promise<Deeds> {
  const [ended, chased] = await Promise.all([
    endWhatRuns(request, sight, parts),
    chaseKeys(request, sight, parts),
  ]);
  return {
    ends: ended.ends,
    queued: chased.queued,
    escalated: [...ended.escalated, ...chased.escalated],
    problems: [...ended.problems, ...chased.problems],
  };
}

type Ended = Pick<Deeds, 'ends' | 'escalated' | 'problems'>;

async function endWhatRuns(request: AftermathRequest, sight: Sight, parts: ActParts): Promise<Ended> {
  const { sessions } = sight.sessions;
  const plan = planEnds(sessions, {
    mode: parts.mode,
    dryRun: request.dry_run === true,
    ownKey: request.own_key === true,
    max: parts.max,
    isComplete: sight.sessions.end.status === 'complete' && sight.sessions.unseenChildren === 0,
  });
  switch (plan.status) {
    case 'none':
      return { ends: await endedBefore(request, sessions, parts), escalated: [], problems: [] };
    case 'escalated':
      return { ends: new Map(), escalated: [plan.reason], problems: [] };
    case 'would_end':
      return {
        ends: new Map(plan.sessions.map(({ session_id }) => [session_id, { end: 'would_end' }])),
        escalated: [],
        problems: [],
      };
    case 'end': {
      const results = await endSessions(plan.sessions, {
        ...parts,
        devin: parts.activity,
        readAgain: () => readAgain(request, sight, parts),
      });
      const before = await endedBefore(request, sessions, parts);
      return { ends: new Map([...before, ...results]), escalated: [], problems: problemsOf(results) };
    }
    default:
      return plan satisfies never;
  }
}

function problemsOf(results: ReadonlyMap<string, EndResult>): Problem[] {
  return [...results].flatMap(([id, { reason, retryable = false }]) =>
    reason === undefined ? [] : [{ reason: `session ${id}: ${reason}`, retryable }],
  );
}

async function readAgain({ service_user_id }: AftermathRequest, { since }: Sight, parts: ActParts) {
  const read = await readSessions(parts.activity, service_user_id, since, parts.retry);
  return read.end.status === 'failed' ? undefined : read.sessions;
}

/** The sessions that are over now and that an earlier try was about to end. */
async function endedBefore(
  { dry_run }: AftermathRequest,
  sessions: readonly KeptSession[],
  { earlierIntents, mode }: ActParts,
): Promise<Map<string, EndResult>> {
  const over = sessions.filter(({ status }) => isOver(status));
  if (mode === 'report' || dry_run || over.length === 0) return new Map();
  const intents = await earlierIntents();
  return new Map(
    over.flatMap(({ session_id }) =>
      intents.has(session_id) ? [[session_id, { end: 'over_after_intent' }]] : [],
    ),
  );
}

type Chased = Pick<Deeds, 'queued' | 'escalated' | 'problems'>;

async function chaseKeys(request: AftermathRequest, sight: Sight, parts: ActParts): Promise<Chased> {
  const keys = keysOf(sight, request.api_key_id);
  const isOff = parts.mode === 'report' || request.dry_run === true || keys.length === 0;
  const plan = planChase(keys, {
    mode: parts.mode,
    dryRun: request.dry_run === true,
    ownKey: request.own_key === true,
    max: parts.max,
    ownServiceUsers: isOff ? undefined : await parts.ownServiceUsers(),
  });
  switch (plan.status) {
    case 'none':
      return { queued: new Set(), escalated: [], problems: [] };
    case 'escalated':
      return { queued: new Set(), escalated: [plan.reason], problems: [] };
    case 'queue':
      return queueAll(plan.keys, request.service_user_id, parts);
    default:
      return plan satisfies never;
  }
}

async function queueAll(
  keys: readonly (Key & { made_at: string; by: 'create' | 'rotate' })[],
  by: string,
  { retry, send }: ActParts,
): Promise<Chased> {
  if (send === undefined) {
    return { queued: new Set(), escalated: ['there is no queue for the keys that were made'], problems: [] };
  }
  const queued = new Set<string>();
  const problems: Problem[] = [];
  for (const key of keys) {
    try {
      await send(LeakReport.parse(chaseReport(key, by)), { deadline: retry.deadline });
      queued.add(key.api_key_id);
    } catch (error) {
      const fields = errorFields(error);
      log('error', 'a key that was made is not queued', { ...fields, api_key_id: key.api_key_id });
      const code = fields.code ?? fields.error;
      problems.push({ reason: `key ${key.api_key_id} could not be queued: ${code}`, retryable: true });
    }
  }
  return { queued, escalated: [], problems };
}
