import { HttpFailure } from '../platform/http.ts';
import { isTransient } from '../platform/retry.ts';

/** The operations, as people read of them, and the permission that each needs. */
export const SESSIONS = { what: 'sessions', permission: 'ViewAccountSessions' };
export const AUDIT_LOG = { what: 'the audit log', permission: 'ManageEnterpriseSettings' };
export const SCHEDULES = { what: 'schedules', permission: 'ManageOrgSchedules' };
export const ENDING = { what: 'a session', permission: 'ManageOrgSessions' };
export type Subject = { readonly what: string; readonly permission: string };

/** A list or an end that failed. */
export function failed(reason: string, retryable: boolean) {
  return { status: 'failed', reason, retryable } as const;
}

/** An answer that is not the documented success. */
export function refusal({ permission, what }: Subject, verb: string, status: number) {
  const hint =
    status === 403
      ? `, grant ${permission}`
      : status === 401
        ? ', the token is not accepted: it was revoked or replaced, or our address is not on the IP access list'
        : '';
  return failed(`${what} ${verb}: HTTP ${status}${hint}`, isTransient(status) || status === 401);
}

/** The token's secret may be unreadable too; only names and codes are shown. */
export function noAnswer(error: unknown, what: string) {
  if (error instanceof HttpFailure) return failed(`${what}: no answer (${error.code})`, true);
  // Of another copy of the class, see esbuild.config.cjs: known by its name.
  if (error instanceof Error && error.name === 'SecretError')
    return failed(`${what}: ${error.message}`, true);
  throw error;
}
