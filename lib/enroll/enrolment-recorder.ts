import { type ActParts, recordAct } from '../audit/record-act.ts';
import { enrolName } from '../audit/record-path.ts';
import type { Key } from '../domain/key.ts';

/** Milliseconds for one record and its copy to the SIEM. */
const RECORD_MS = 10_000;

/**
 * Puts on record each key that a person enrols, before it is noted.
 *
 * @param who.by the person, as far as it is known @param who.reason as the person gave it
 */
export function enrolmentRecorder(
  { by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined },
  parts: Omit<ActParts, 'deadline'>,
): (key: Key) => Promise<void> {
  return ({ api_key_id, service_user_id }) => {
    const time = Date.now();
    const act = {
      act: 'enrol' as const,
      subject: `${service_user_id}/${api_key_id}`,
      ...(reason !== undefined && { reason }),
      by,
      time,
    };
    return recordAct(act, { ...parts, deadline: time + RECORD_MS }, { name: enrolName(api_key_id) });
  };
}
