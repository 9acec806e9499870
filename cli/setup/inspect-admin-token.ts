import { randomUUID } from 'node:crypto';
import { type Devin, devinClient } from '../../lib/clients/devin.ts';
import { type DevinActivity, devinActivity, type ListEnd } from '../../lib/clients/devin-activity.ts';
import { adminToken, cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import { devinServiceUsers } from '../../lib/clients/devin-service-users.ts';
import type { Probe, Refusal } from '../../lib/clients/devin-shapes.ts';
import type { Token } from '../../lib/domain/token.ts';
import { type Finding, type Inspection, limited, missing, ok, unknown } from './finding.ts';

const TOKEN = 'admin token';
const REVOKE = 'Devin: revoke keys';
const LIST_USERS = 'Devin: list service users';
const ACTIVITY = 'Devin: what followed a leak';

const ADDRESS =
  "or this address is not on the enterprise's IP access list: then store it from one that is, see docs/deploy.md";
const NEEDS =
  'a service user whose role has the enterprise permission ManageAccountServiceUsers (ManageServiceUsers on some pages)';

/**
 * Asks Devin what the admin token of a secret can do: it is usable when it is of a service user that may revoke keys. By
 * calls that change nothing: the DELETE is of a key id that was made up a moment ago.
 *
 * @param value a token or JSON `{"token"}`, as the functions read it
 * @param options.deadline epoch milliseconds
 */
export async function inspectAdminToken(
  value: string,
  { deadline, devinUrl }: { readonly deadline: number; readonly devinUrl: string },
): Promise<Inspection> {
  const token = readAdminToken(value);
  if (token === undefined) {
    const finding = missing(
      TOKEN,
      'it is not of the form cog_… or {"token": "cog_…"}',
      `give a token of ${NEEDS}`,
    );
    return { isUsable: false, findings: [finding] };
  }
  const admin = cachedAdminToken(async () => token.reveal(), 'the token');
  const devin = devinClient(devinUrl, admin);
  const retry = { deadline, attempts: 4 };
  const probe = await devin.probe(token, retry);
  const owner = judgeOwner(probe);
  if (owner.serviceUserId === undefined) return { isUsable: false, findings: [owner.finding] };
  const { serviceUserId } = owner;
  const [revoke, users] = await Promise.all([
    checkRevoke(devin, serviceUserId, retry),
    devinServiceUsers(devinUrl, admin).listServiceUsers(null, retry),
  ]);
  return {
    isUsable: revoke.status === 'ok',
    owner: serviceUserId,
    findings: [
      owner.finding,
      revoke,
      users.ok
        ? ok(LIST_USERS, 'ViewAccountMembership, for the sweeps')
        : judgeRefusal(
            LIST_USERS,
            users,
            'grant the enterprise permission ViewAccountMembership: the sweeps list all service users',
          ),
    ],
  };
}

/** The token of a secret's value, if it holds one. */
export function readAdminToken(value: string): Token | undefined {
  try {
    return adminToken('admin token', value);
  } catch {
    return undefined;
  }
}

function judgeOwner(probe: Probe): { readonly finding: Finding; readonly serviceUserId?: string } {
  switch (probe.state) {
    case 'dead':
      return {
        finding: missing(
          TOKEN,
          'Devin does not accept it (HTTP 401)',
          `give a live token of ${NEEDS}; ${ADDRESS}`,
        ),
      };
    case 'unknown':
      return { finding: unknown(TOKEN, `Devin did not say whose it is: ${probe.reason}`) };
    case 'alive': {
      const { principal_type, service_user_id, service_user_name = '', user_name } = probe.principal;
      if (principal_type === 'service_user' && service_user_id !== undefined) {
        return {
          finding: ok(
            TOKEN,
            `works; service user ${service_user_name || 'without a name'} (${service_user_id})`,
          ),
          serviceUserId: service_user_id,
        };
      }
      const whose = user_name === undefined ? '' : ` of ${user_name}`;
      const found = `it is of no service user, but a ${principal_type}${whose}`;
      return { finding: missing(TOKEN, found, `give a token of ${NEEDS}`) };
    }
    default:
      return probe satisfies never;
  }
}

async function checkRevoke(
  devin: Devin,
  service_user_id: string,
  retry: { readonly deadline: number; readonly attempts: number },
): Promise<Finding> {
  const grant =
    'grant its role the enterprise permission ManageAccountServiceUsers (ManageServiceUsers on some pages)';
  const listing = await devin.listKeys(service_user_id, retry);
  if (!listing.ok) return judgeRefusal(REVOKE, listing, grant);
  // No key can have this id.
  const made = { service_user_id, api_key_id: `setup-${randomUUID()}` };
  const answer = await devin.revokeKey(made, retry);
  if (!answer.ok) return judgeRefusal(REVOKE, answer, grant);
  return answer.answer === 'not_found'
    ? ok(REVOKE, 'ManageAccountServiceUsers: it lists keys, and a DELETE of a made-up id is answered 404')
    : unknown(REVOKE, `a DELETE of a made-up id was answered HTTP ${answer.status}, and not 404`);
}

function judgeRefusal(check: string, { reason, status }: Refusal, grant: string): Finding {
  return status === 403 ? missing(check, reason, grant) : unknown(check, reason);
}

/** Whether what a thief did with a key can be looked up. Leaks are revoked without it. @param deadline epoch milliseconds */
export async function inspectActivity(
  token: Token,
  { deadline, devinUrl }: { readonly deadline: number; readonly devinUrl: string },
): Promise<Finding> {
  const activity = devinActivity(
    devinUrl,
    cachedAdminToken(async () => token.reveal(), 'the token'),
  );
  const ends = await lookOnce(activity, { retry: { deadline, attempts: 4 }, maxPages: 1 });
  const failed = ends.flatMap((end) => (end.status === 'failed' ? [end] : []));
  if (failed.length === 0) return ok(ACTIVITY, 'sessions and the audit log can be read');
  return limited(
    ACTIVITY,
    failed.map(({ reason }) => reason).join('; '),
    'grant ViewAccountSessions and ManageEnterpriseSettings, or set aftermath: off (docs/aftermath.md)',
  );
}

function lookOnce(
  activity: DevinActivity,
  options: Parameters<DevinActivity['listAuditLog']>[2],
): Promise<ListEnd[]> {
  const now = Math.floor(Date.now() / 1_000);
  const drop = (): void => {};
  return Promise.all([
    activity.listSessions({ createdAfter: now - 60 }, drop, options),
    activity.listAuditLog({ after: now - 60, before: now }, drop, options),
  ]);
}
