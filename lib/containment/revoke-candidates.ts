import type { ApiKey } from '../clients/devin.ts';
import type { Collateral, OutcomeDraft } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import type { Deps } from './deps.ts';
import { prove } from './prove-dead.ts';
import { revokeKey } from './revoke-key.ts';
import type { Eradication } from './revoke-target.ts';

interface Candidates {
  readonly service_user_id: string;
  readonly keys: readonly { readonly api_key_id: string; readonly entry?: ApiKey | undefined }[];
  readonly token: Token;
}

/**
 * Revokes candidates one by one, the most likely first, until the token is dead. Each has an intent of its own before
 * its DELETE. A key that was revoked and did not kill the token is collateral.
 */
export async function revokeAll(
  { keys, service_user_id, token }: Candidates,
  deps: Deps,
): Promise<Eradication | OutcomeDraft> {
  const { deadline, devin, journal, proofWindowMs } = deps;
  const collateral: Collateral[] = [];
  for (const [index, { api_key_id, entry }] of keys.entries()) {
    const key = { service_user_id, api_key_id };
    const stored = await journal.intent(key, { ofCandidate: true });
    if (stored.result === 'failed') {
      const reason = `no candidate is revoked without a stored intent: ${stored.reason}`;
      return { status: 'failed', service_user_id, collateral, reason, retryable: true };
    }
    const revoked = await revokeKey(devin, key, deps);
    if (revoked.result === 'absent') continue;
    if (revoked.result === 'refused') {
      return { status: 'failed', ...key, collateral, reason: revoked.reason, retryable: revoked.retryable };
    }
    // What is left of the time is shared by the candidates that are left.
    const share = Math.max(0, deadline - Date.now()) / (keys.length - index);
    const windowMs = Math.min(proofWindowMs, share);
    const verdict = await prove(devin, { ...key, token }, { windowMs, deadline, control: true });
    if (verdict.verdict === 'dead') return { key, revoked, verdict, entry, collateral };
    collateral.push(collateralOf(service_user_id, api_key_id, entry));
    if (Date.now() >= deadline) break;
  }
  const reason = 'the token still authenticates, though its candidates are revoked';
  return { status: 'still_alive', service_user_id, collateral, reason, retryable: true };
}

/** The rotate call refuses a key that is not active (HTTP 400), so that its owner needs the call that makes one. */
function collateralOf(serviceUserId: string, api_key_id: string, entry: ApiKey | undefined): Collateral {
  const api_key_name = entry?.api_key_name ?? '';
  const body = JSON.stringify({ name: api_key_name || api_key_id });
  return {
    api_key_id,
    api_key_name,
    replace_with: `POST /v3beta1/enterprise/service-users/${serviceUserId}/api-keys ${body}`,
  };
}
