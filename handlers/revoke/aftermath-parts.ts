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
  const { ACTIVITY_TOKEN_SECRET_ID: activityId, LEAK_QUEUE_URL: queue, NOTIFY_TOPIC_ARN: topic } = config;
  const others = [config.STANDBY_TOKEN_SECRET_ID, activityId].map((id) =>
    id === undefined ? undefined : async () => adminToken(id, await read(id)),
  );
  return {
    mode: config.AFTERMATH === 'terminate' ? 'terminate' : 'report',
    max: config.AFTERMATH_MAX,
    marginHours: config.AFTERMATH_MARGIN_HOURS,
    devinUrl: config.DEVIN_API_URL,
    credential: activityId === undefined ? admin : cachedAdminToken(read, activityId),
    devin,
    async ownServiceUsers() {
      const retry = { deadline: Date.now() + 10_000 };
      const known = await Promise.all(others.map((other) => ownServiceUsers(devin, other, retry)));
      return known.some((users) => users === undefined) ? undefined : known.flatMap((users) => users ?? []);
    },
    store: records.store,
    list: s3List(aws, config.AUDIT_BUCKET),
    forward: records.forward?.to,
    send: queue === undefined ? undefined : sqsSender(aws, queue),
    notify: topic === undefined ? undefined : snsNotify(aws, topic),
    proofWindowMs: config.PROOF_WINDOW_SECONDS * 1_000,
  };
}
