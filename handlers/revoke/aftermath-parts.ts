import type { AftermathParts } from '../../lib/aftermath/run-aftermath.ts';
import type { TrailParts } from '../../lib/audit/trail.ts';
import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { s3List } from '../../lib/aws/list-objects.ts';
import type { ReadSecret } from '../../lib/aws/secrets.ts';
import { snsNotify } from '../../lib/aws/sns.ts';
import { sqsSender } from '../../lib/aws/sqs.ts';
import type { Devin } from '../../lib/clients/devin.ts';
import { type AdminToken, adminToken, cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import type { RevokeConfig } from '../../lib/containment/config.ts';
import { ownServiceUsers } from '../../lib/sweep/keys/own-service-users.ts';

/** What an aftermath works with, for as long as the container lives. */
export function aftermathParts(
  config: RevokeConfig,
  aws: AwsEnvironment,
  read: ReadSecret,
  { admin, devin, records }: { admin: AdminToken; devin: Devin; records: TrailParts },
): Omit<AftermathParts, 'deadline' | 'context'> {
  const { ACTIVITY_TOKEN_SECRET_ID: activityId, STANDBY_TOKEN_SECRET_ID: standbyId } = config;
  const standby =
    standbyId === undefined ? undefined : async () => adminToken(standbyId, await read(standbyId));
  return {
    mode: config.AFTERMATH === 'terminate' ? 'terminate' : 'report',
    max: config.AFTERMATH_MAX,
    marginHours: config.AFTERMATH_MARGIN_HOURS,
    devinUrl: config.DEVIN_API_URL,
    credential: activityId === undefined ? admin : cachedAdminToken(read, activityId),
    devin,
    ownServiceUsers: () => ownServiceUsers(devin, standby, { deadline: Date.now() + 10_000 }),
    store: records.store,
    list: s3List(aws, config.AUDIT_BUCKET),
    forward: records.forward?.to,
    send: config.LEAK_QUEUE_URL === undefined ? undefined : sqsSender(aws, config.LEAK_QUEUE_URL),
    notify: config.NOTIFY_TOPIC_ARN === undefined ? undefined : snsNotify(aws, config.NOTIFY_TOPIC_ARN),
    proofWindowMs: config.PROOF_WINDOW_SECONDS * 1_000,
  };
}
