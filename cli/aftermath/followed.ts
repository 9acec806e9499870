import { ServiceUserId } from '../../lib/domain/key.ts';
import { findIncidents, type Incident } from '../audit/find-incidents.ts';
import { openSource } from '../audit/log/open-source.ts';
import { UsageError } from '../command/usage-error.ts';

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
  let incident: Incident | undefined;
  // The latest one counts.
  for await (const found of findIncidents(await openSource(where, env), what, {})) incident = found;
  if (incident === undefined) throw new UsageError(`no report in ${where} matches ${what}`);
  const { api_key_id, service_user_id } = keyOf(incident);
  const id = ServiceUserId.safeParse(service_user_id);
  if (!id.success) throw new UsageError(`the service user of ${incident.report_id} is not known`);
  return {
    service_user_id: id.data,
    ...(api_key_id !== undefined && { api_key_id }),
    leaked_at: since ?? sinceOf(incident),
    exact: since !== undefined,
  };
}

function keyOf({ records }: Incident): {
  service_user_id?: string | undefined;
  api_key_id?: string | undefined;
} {
  const known = records.toReversed().map(({ record }) => record.unmapped);
  return {
    service_user_id: known.find((facts) => facts.service_user_id)?.service_user_id,
    api_key_id: known.find((facts) => facts.api_key_id)?.api_key_id,
  };
}

/** Epoch milliseconds: when the leak began, as far as the detector says, else when it was reported. */
function sinceOf({ records: [first] }: Incident): number {
  const report = first?.record.unmapped.report;
  return report?.leaked_at ?? report?.reported_at ?? first?.record.time ?? 0;
}
