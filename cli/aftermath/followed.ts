import { ServiceUserId } from '../../lib/domain/key.ts';
import { keyOf, readIncidents } from '../audit/incidents.ts';
import { matches } from '../audit/show.ts';
import { openSource, UsageError } from '../audit/source.ts';

/** Whose acts are looked at, and since when. */
export interface Followed {
  readonly service_user_id: string;
  readonly api_key_id?: string;
  /** Epoch milliseconds. */
  readonly leaked_at: number;
  /** The time is the caller's, so that no margin is taken. */
  readonly exact: boolean;
}

/** @param where the audit log, where reports are looked up: a folder or `s3://bucket` @throws {UsageError} */
export async function findFollowed(
  what: string,
  {
    env,
    since,
    where,
  }: { env: Readonly<Record<string, string | undefined>>; since?: number; where?: string },
): Promise<Followed> {
  const user = ServiceUserId.safeParse(what);
  if (user.success && since !== undefined) {
    return { service_user_id: user.data, leaked_at: since, exact: true };
  }
  if (where === undefined) {
    throw new UsageError(
      user.success
        ? '--since is missing: without an audit log it is not known when a key of the service user leaked'
        : 'reports are looked up in the audit log: give --in, or set AUDIT_BUCKET',
    );
  }
  const incidents = await readIncidents(await openSource(where, env), () => true);
  const incident = incidents.findLast((one) => matches(one, what));
  if (incident === undefined) throw new UsageError(`no report in ${where} matches ${what}`);
  const { api_key_id, service_user_id } = keyOf(incident);
  const id = ServiceUserId.safeParse(service_user_id);
  if (!id.success) throw new UsageError(`the service user of ${incident.report_id} is not known`);
  return {
    service_user_id: id.data,
    ...(api_key_id !== undefined && { api_key_id }),
    leaked_at: since ?? incident.since,
    exact: since !== undefined,
  };
}
