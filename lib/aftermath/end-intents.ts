import { type AftermathStamp, END_INTENT, endIntentRecord } from '../audit/aftermath-record.ts';
import { recordFolder, recordPath } from '../audit/record-path.ts';
import type { AftermathRequest } from '../domain/aftermath.ts';
import { errorFields, log, logRecord } from '../platform/log.ts';
import type { AftermathParts } from './aftermath-parts.ts';
import type { KeptSession } from './read-sessions.ts';

/** Stores that a session is about to be ended. @returns whether it is stored */
export async function recordIntent(
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

/** The ids of the sessions that an earlier run was about to end; none when they cannot be listed. */
export async function earlierIntents(
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
