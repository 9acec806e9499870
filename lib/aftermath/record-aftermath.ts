import { type AftermathStamp, aftermathRecord } from '../audit/aftermath-record.ts';
import type { Aftermath, AftermathRequest } from '../domain/aftermath.ts';
import { threadOf } from '../domain/report.ts';
import { log, logRecord } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import type { AftermathParts, AftermathResult } from './aftermath-parts.ts';
import { describeAftermath, headline } from './describe-aftermath.ts';
import { mayTryAgain, tryAgain } from './try-again.ts';

/** Puts what was found on record, notifies people of news, and copies the record to the SIEM. */
export async function recordAftermath(
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

/** Whether the SIEM took the record; without one there is nothing to take. */
export async function forwarded(body: string, { deadline, forward }: AftermathParts): Promise<boolean> {
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

/** The fields of a log line. */
export function progress({ attempt, report }: AftermathRequest, facts: Aftermath) {
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
