import { siemForward } from '../audit/forward-to-siem.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import { isLeased } from '../aws/lease.ts';
import { s3ReplaceableObjects } from '../aws/replaceable-objects.ts';
import type { ReadSecret } from '../aws/secrets.ts';
import { s3AuditStore } from '../aws/write-once-bucket.ts';
import { devinClient } from '../clients/devin.ts';
import { adminToken, cachedAdminToken } from '../clients/devin-admin-token.ts';
import type { Token } from '../domain/token.ts';
import { tokenRegistry } from '../identify/registry/registry.ts';
import { leakFolder } from '../identify/search-key.ts';
import type { EnrollConfig } from './config.ts';
import type { EnrollParts } from './enroll-token.ts';
import { enrolmentRecorder } from './enrolment-recorder.ts';

/** The admin tokens of this software. */
export interface OwnTokens {
  readonly admin: Token;
  readonly standby?: Token;
}

/** @throws {SecretError} */
export async function readOwnTokens(
  { ADMIN_TOKEN_SECRET_ID: adminId, STANDBY_TOKEN_SECRET_ID: standbyId }: EnrollConfig,
  read: ReadSecret,
): Promise<OwnTokens> {
  const [admin, standby] = await Promise.all([
    read(adminId).then((value) => adminToken(adminId, value)),
    standbyId === undefined ? undefined : read(standbyId).then((value) => adminToken(standbyId, value)),
  ]);
  return { admin, ...(standby && { standby }) };
}

/** What is known of a person who enrols. */
export interface ByHand {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly account?: string | undefined;
}

/**
 * @param run.deadline epoch milliseconds
 * @param run.holder whose run it is: the request id of the function
 * @param run.byHand for a run that a person started: each key is put on record before it is noted
 */
export function enrollParts(
  config: EnrollConfig,
  aws: AwsEnvironment,
  read: ReadSecret,
  { admin, standby }: OwnTokens,
  {
    byHand,
    deadline,
    holder,
  }: { readonly deadline: number; readonly holder: string; readonly byHand?: ByHand | undefined },
): EnrollParts {
  const { ADMIN_TOKEN_SECRET_ID, AUDIT_BUCKET, DEVIN_API_URL, DRY_RUN, STANDBY_TOKEN_SECRET_ID } = config;
  const objects = s3ReplaceableObjects(aws, AUDIT_BUCKET);
  const store = s3AuditStore(aws, AUDIT_BUCKET);
  const devin = devinClient(
    DEVIN_API_URL,
    cachedAdminToken(read, ADMIN_TOKEN_SECRET_ID, STANDBY_TOKEN_SECRET_ID),
  );
  const none = async () => undefined;
  const only = (token: Token) => ({ get: async () => token, insteadOf: none, standby: none });
  return {
    devin,
    lookerFor(token) {
      const other = [admin, standby].find((own) => own !== undefined && !own.equals(token));
      // Never the admin token's own replacement, which may be the very token.
      return other && devinClient(DEVIN_API_URL, only(other));
    },
    recordAct:
      byHand &&
      enrolmentRecorder(byHand, {
        store,
        forward: siemForward(config, read),
        context: {
          region: aws.region,
          requestId: holder,
          ...(byHand.account !== undefined && { account: byHand.account }),
        },
      }),
    registry: tokenRegistry(objects, { deadline: deadline + NOTING_MS }),
    objects,
    isSearched: (id) => isLeased({ store, folder: leakFolder(id) }),
    holder,
    deadline,
    dryRun: DRY_RUN,
  };
}

/** Milliseconds after the deadline in which a key that was found may still be noted. */
const NOTING_MS = 20_000;
