import { randomBytes } from 'node:crypto';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { awsEnvironment } from '../lib/aws/environment.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { snsNotify } from '../lib/aws/sns.ts';
import { s3AuditStore } from '../lib/aws/write-once-bucket.ts';
import { devinClient } from '../lib/clients/devin.ts';
import { adminToken, cachedAdminToken } from '../lib/clients/devin-admin-token.ts';
import { makeKey } from '../lib/clients/make-key.ts';
import { ownServiceUsers } from '../lib/clients/own-service-users.ts';
import { DrillConfig } from '../lib/drill/config.ts';
import { leaksKey } from '../lib/drill/leaks-key.ts';
import { readDrillEvent } from '../lib/drill/read-drill-event.ts';
import { reportBrokenDrill, reportDrill } from '../lib/drill/report-drill.ts';
import { type DrillResult, runDrill } from '../lib/drill/run-drill.ts';
import { postLeaks } from '../lib/intake/post-leaks.ts';
import { parseConfig } from '../lib/platform/config.ts';

/** Milliseconds kept back at the end of an invocation, to answer and to notify. */
const RESERVE_MS = 15_000;
/** Milliseconds for a call of which there is one. */
const WITHIN_MS = 30_000;

async function drill(event: unknown, context: Context): Promise<DrillResult> {
  const config = parseConfig(DrillConfig, process.env);
  const service_user_id = readDrillEvent(event, config.DRILL_SERVICE_USER_ID);
  const drill_id = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`;
  const about = { drill_id, service_user_id, limit_seconds: config.DRILL_LIMIT_SECONDS };
  if (config.DRY_RUN) {
    return { ...about, status: 'skipped', problems: ['DRY_RUN is true, so no key is made'], steps: [] };
  }
  const aws = awsEnvironment(process.env);
  const read = secretsManager(aws);
  const admin = cachedAdminToken(read, config.ADMIN_TOKEN_SECRET_ID);
  const devin = devinClient(config.DEVIN_API_URL, admin);
  const standbyId = config.STANDBY_TOKEN_SECRET_ID;
  const standby =
    standbyId === undefined ? undefined : async () => adminToken(standbyId, await read(standbyId));
  const key = leaksKey(await read(config.WEBHOOK_SECRET_ID));
  const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
  const result = await runDrill(service_user_id, drill_id, {
    devin,
    own: () => ownServiceUsers(devin, [standby], { deadline: Date.now() + WITHIN_MS }),
    make: (name, expires_at) =>
      makeKey(config.DEVIN_API_URL, admin, { service_user_id, name, expires_at }, { timeoutMs: WITHIN_MS }),
    leak: (item) =>
      postLeaks(new URL('/leaks', config.LEAKS_URL), key, [item], { deadline: Date.now() + WITHIN_MS }),
    records: s3AuditStore(aws, config.AUDIT_BUCKET),
    limitSeconds: config.DRILL_LIMIT_SECONDS,
    deadline,
  });
  await reportDrill(result, notifier());
  return result;
}

function notifier(): ReturnType<typeof snsNotify> | undefined {
  const topic = process.env.NOTIFY_TOPIC_ARN;
  return topic ? snsNotify(awsEnvironment(process.env), topic) : undefined;
}

const reportErrors = (): middy.MiddlewareObj<unknown, DrillResult, Error, Context> => ({
  // A request that is not one is its caller's error.
  onError: async ({ error }) => {
    if (error && error.name !== 'BadEventError') await reportBrokenDrill(error, notifier());
  },
});

/** Leaks a throwaway key to ourselves and follows it to its death; invoked by a schedule or by a person. */
export const handler = middy<unknown, DrillResult>({ timeoutEarlyInMillis: 0 })
  .use(reportErrors())
  .handler(drill);
