import type { ApiKey, Principal, Probe } from '../devin.ts';
import type { GitHub } from '../github.ts';
import type { Key } from '../key.ts';
import type { Ending } from '../outcome.ts';
import type { GitHubAlertRef, Report } from '../report.ts';
import type { RetryOptions } from '../retry.ts';
import { devinToken, type Token } from '../token.ts';

/** What is known of the leak before Devin is asked. */
export interface Leak {
  readonly key?: Key;
  readonly token?: Token;
  readonly alert?: { readonly ref: GitHubAlertRef; readonly open: boolean; readonly created_at?: number };
}

/** Reads the leak out of a report; a GitHub alert's secret is fetched from GitHub, since no payload holds it. */
export async function readLeak(
  report: Report,
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<Leak | Ending> {
  const { leak, token } = report;
  switch (leak.kind) {
    case 'key':
      return {
        key: { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id },
        ...(token && { token }),
      };
    case 'token':
      return checkToken(token);
    case 'github_alert': {
      if (github === undefined) {
        return { status: 'failed', retryable: false, reason: 'GITHUB_TOKEN_SECRET_ID is not set' };
      }
      const ref = { owner: leak.owner, repo: leak.repo, number: leak.number };
      const answer = await github.getAlert(ref, retry);
      if (!answer.ok) return { status: 'failed', reason: answer.reason, retryable: answer.retryable };
      const { created_at, secret, state } = answer.alert;
      const found = checkToken(secret);
      if ('status' in found) return found;
      return {
        ...found,
        alert: { ref, open: state === 'open', ...(created_at !== undefined && { created_at }) },
      };
    }
    default:
      return leak satisfies never;
  }
}

function checkToken(text: Token | undefined): Leak | Ending {
  const token = text && devinToken(text.reveal());
  return token === undefined
    ? { status: 'ignored', reason: 'the secret is not a Devin token: it does not start with cog_' }
    : { token };
}

/** Whose token it is: a service user's, or an ending. */
export type Owner =
  | { readonly owner: 'service_user'; readonly service_user_id: string }
  | { readonly owner: 'nobody' }
  | { readonly owner: 'undecided'; readonly ending: Ending };

/** Decides from one use of the leaked token whose it is. `nobody` has a token that is answered 401. */
export function judgeOwner(probe: Probe): Owner {
  switch (probe.state) {
    case 'dead':
      return { owner: 'nobody' };
    case 'unknown':
      return {
        owner: 'undecided',
        ending: {
          status: 'failed',
          retryable: true,
          reason: `Devin does not say whose token it is: ${probe.reason}`,
        },
      };
    case 'alive':
      return judgePrincipal(probe.principal);
    default:
      return probe satisfies never;
  }
}

function judgePrincipal({ principal_type, service_user_id }: Principal): Owner {
  if (principal_type === 'service_user' && service_user_id !== undefined) {
    return { owner: 'service_user', service_user_id };
  }
  const isPersonal = principal_type === 'pat_user';
  return {
    owner: 'undecided',
    ending: {
      status: 'escalated',
      reason: isPersonal
        ? 'the token is a personal access token, which no admin call revokes'
        : `the token belongs to a principal of type ${principal_type.replace(/[^\w-]/g, '').slice(0, 64)}, not to a service user`,
      next_step: isPersonal
        ? 'have its owner delete it in the Devin settings, or remove the user; the alert stays open'
        : 'find its owner in Devin and revoke it there; the alert stays open',
    },
  };
}

/** Which key of a service user leaked, as far as the listing tells. */
export type Choice =
  | { readonly choice: 'key'; readonly key: Key }
  | { readonly choice: 'none' }
  | { readonly choice: 'ambiguous'; readonly candidates: readonly ApiKey[] };

/** Decides from a key listing: the only active key is the one, since only an active key's token works. */
export function chooseKey(serviceUserId: string, keys: readonly ApiKey[]): Choice {
  const active = keys.filter(({ is_active }) => is_active);
  const [only] = active;
  if (only === undefined) return { choice: 'none' };
  return active.length === 1
    ? { choice: 'key', key: { service_user_id: serviceUserId, api_key_id: only.api_key_id } }
    : { choice: 'ambiguous', candidates: active };
}

/** The key that an earlier delivery of the report revoked before it died: revoked since its intent. */
export function keyRevokedSince(intentTime: number, keys: readonly ApiKey[]): ApiKey | undefined {
  const since = Math.floor(intentTime / 1_000) - CLOCK_TOLERANCE_SECONDS;
  const revoked = keys.filter(({ revoked_at }) => typeof revoked_at === 'number' && revoked_at >= since);
  return revoked.length === 1 ? revoked[0] : undefined;
}

/** How far apart the clocks of Devin and of Lambda may be. */
export const CLOCK_TOLERANCE_SECONDS = 300;
