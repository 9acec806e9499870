import { randomUUID } from 'node:crypto';
import { buildAftermath } from '../../lib/aftermath/build-aftermath.ts';
import { headline } from '../../lib/aftermath/describe-aftermath.ts';
import { endSessions } from '../../lib/aftermath/end-sessions.ts';
import type { Sight } from '../../lib/aftermath/look-at.ts';
import { isOver, type KeptSession, readSessions } from '../../lib/aftermath/read-sessions.ts';
import { AFTERMATH, aftermathRecord, END_INTENT, endIntentRecord } from '../../lib/audit/aftermath-record.ts';
import { recordPath } from '../../lib/audit/record-path.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { DevinActivity } from '../../lib/clients/devin-activity.ts';
import type { Aftermath, FollowedReport } from '../../lib/domain/aftermath.ts';
import { UsageError } from '../audit/source.ts';
import type { Followed } from './followed.ts';

const PROOF_WINDOW_MS = 20_000;

/** The sessions of these ids. @throws {UsageError} for one that does not run, or was not started since the leak */
export function chooseSessions(ids: readonly string[], { sessions }: Sight): KeptSession[] {
  return [...new Set(ids)].map((id) => {
    const found = sessions.sessions.find(({ session_id }) => session_id === id);
    if (found === undefined) {
      throw new UsageError(`${id} is not among the sessions that the service user started since then`);
    }
    if (isOver(found.status)) throw new UsageError(`${id} does not run: its status is ${found.status}`);
    return found;
  });
}

export interface ByHandParts {
  readonly activity: DevinActivity;
  readonly store: AuditStore;
  readonly region: string;
}

/** Ends the chosen sessions, each with an intent on record before, and puts on record what became of them. */
export async function endByHand(
  chosen: readonly KeptSession[],
  followed: Followed,
  sight: Sight,
  { activity, region, store }: ByHandParts,
): Promise<Aftermath> {
  const { service_user_id } = followed;
  const retry = { deadline: Date.now() + 120_000, attempts: 4 };
  const report = reportByHand(followed);
  const stamp = (name: string) => ({
    report,
    context: { region, requestId: report.report_id.replace('console/', ''), attempt: 1 },
    name,
    time: Date.now(),
  });
  const put = (name: string, body: string) => store.put(recordPath(report, name), body, retry);
  const ends = await endSessions(chosen, {
    devin: activity,
    proofWindowMs: PROOF_WINDOW_MS,
    retry,
    async recordIntent(session) {
      const name = `${END_INTENT}${session.session_id}`;
      const { result } = await put(name, endIntentRecord(service_user_id, session, stamp(name)));
      return result !== 'failed';
    },
    async readAgain() {
      const read = await readSessions(activity, service_user_id, sight.since, retry);
      return read.end.status === 'failed' ? undefined : read.sessions;
    },
  });
  const problems = [...ends].flatMap(([id, { reason }]) =>
    reason === undefined ? [] : [{ reason: `session ${id}: ${reason}`, retryable: false }],
  );
  const deeds = { ends, queued: new Set<string>(), escalated: [], problems };
  const facts = buildAftermath(followed, 'terminate', sight, deeds);
  const { result } = await put(AFTERMATH, aftermathRecord(facts, headline(facts), stamp(AFTERMATH)));
  const lost = 'the audit store did not take the record of what was ended';
  return result === 'failed' ? { ...facts, complete: false, problems: [...facts.problems, lost] } : facts;
}

function reportByHand({ leaked_at, service_user_id }: Followed): FollowedReport {
  const now = Date.now();
  return {
    version: 1,
    report_id: `console/${randomUUID()}`,
    detector: 'console',
    invoked_by: 'console',
    reported_at: now,
    leaked_at,
    seen_at: now,
    leak: { kind: 'service_user', service_user_id },
  };
}
