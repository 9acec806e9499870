import type { GitHub } from '../clients/github.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { LeakAlert } from '../identify/read-leak.ts';
import { log } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';

// Not documented; GitHub's web form takes 280 characters.
const MAX_COMMENT = 280;

type ProvenDead = Extract<OutcomeDraft, { status: 'revoked' | 'already_revoked' }>;

/** Resolves the alert of a key that is proven dead. A refusal is part of the outcome, not an error. */
export async function closeAlert(
  draft: OutcomeDraft,
  { alert, report_id }: { readonly alert: LeakAlert | undefined; readonly report_id: string },
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<OutcomeDraft> {
  if (alert === undefined || github === undefined) return draft;
  if (draft.status !== 'revoked' && draft.status !== 'already_revoked') return draft;
  if (!alert.open) return { ...draft, alert: { closed: true, reason: 'the alert was resolved before' } };
  const result = await github.resolveAlert(alert.ref, comment(draft), retry);
  const closure = result.ok ? { closed: true } : { closed: false, reason: result.reason };
  log('info', closure.closed ? 'alert closed' : 'alert not closed', { report_id, ...closure });
  return { ...draft, alert: closure };
}

/** What the alert says from then on: the key's id, the time and the evidence; never a token. */
function comment({ api_key_id, evidence, proof, service_user_id, status }: ProvenDead): string {
  const time = new Date(proof.at).toISOString();
  const shown = proof.method === 'token' ? 'the token is answered 401' : 'the key listing shows it inactive';
  const what = status === 'revoked' ? 'revoked' : 'already revoked';
  const text = `devin-key-revoker: ${keyText({ service_user_id, api_key_id })} ${what}, proven dead at ${time}: ${shown} (${evidence}).`;
  return text.slice(0, MAX_COMMENT);
}

function keyText({ service_user_id, api_key_id }: { [K in keyof Key]: Key[K] | undefined }): string {
  if (api_key_id === undefined) return 'API key';
  return `API key ${api_key_id}${service_user_id === undefined ? '' : ` of ${service_user_id}`}`;
}
