import type { GitHub } from '../clients/github.ts';
import type { Key } from '../domain/key.ts';
import type { AlertClosure, OutcomeDraft } from '../domain/outcome.ts';
import type { GitHubAlertRef } from '../domain/report.ts';
import type { RetryOptions } from '../platform/retry.ts';

// Not documented; GitHub's web form takes 280 characters.
const MAX_COMMENT = 280;

/** Resolves the alert of a key that is proven dead. A refusal is told, not thrown. */
export async function closeAlert(
  github: GitHub,
  ref: GitHubAlertRef,
  ending: Extract<OutcomeDraft, { status: 'revoked' | 'already_revoked' }>,
  retry: RetryOptions,
): Promise<AlertClosure> {
  const result = await github.resolveAlert(ref, comment(ending), retry);
  return result.ok ? { closed: true } : { closed: false, reason: result.reason };
}

/** What the alert says for ever: the key's id, the time and the evidence; never a token. */
export function comment(ending: Extract<OutcomeDraft, { status: 'revoked' | 'already_revoked' }>): string {
  const { evidence, proof, service_user_id, api_key_id } = ending;
  const time = new Date(proof.at).toISOString();
  const shown = proof.method === 'token' ? 'the token is answered 401' : 'the key listing shows it inactive';
  const what = ending.status === 'revoked' ? 'revoked' : 'already revoked';
  const text = `devin-key-revoker: ${keyText({ service_user_id, api_key_id })} ${what}, proven dead at ${time}: ${shown} (${evidence}).`;
  return text.slice(0, MAX_COMMENT);
}

function keyText({ service_user_id, api_key_id }: { [K in keyof Key]: Key[K] | undefined }): string {
  if (api_key_id === undefined) return 'API key';
  return `API key ${api_key_id}${service_user_id === undefined ? '' : ` of ${service_user_id}`}`;
}
