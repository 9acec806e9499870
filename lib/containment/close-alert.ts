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
  const result = await github.resolveAlert(alert.ref, alertComment(draft), retry);
  const closure = result.ok
    ? { closed: true, ...(result.movedTo && { moved_to: `${result.movedTo.owner}/${result.movedTo.repo}` }) }
    : { closed: false, reason: result.reason };
  log('info', closure.closed ? 'alert closed' : 'alert not closed', { report_id, ...closure });
  return { ...draft, alert: closure };
}

/** What the alert says from then on: the key's id, the time and the evidence; never a token. */
export function alertComment(draft: ProvenDead): string {
  const { api_key_id, evidence, leaks = [], owner, proof, service_user_id, status } = draft;
  const time = new Date(proof.at).toISOString();
  if (leaks.length > 1) return manyComment(leaks, time);
  if (owner === 'unknown') {
    return `devin-key-revoker: the token is rejected (HTTP 401) from our address, proven at ${time}. Its owner is unknown here: it may be revoked, expired, never valid, or of another enterprise that admits other addresses only.`;
  }
  const shown = proof.method === 'token' ? 'the token is answered 401' : 'the key listing shows it inactive';
  const what = status === 'revoked' ? 'revoked' : 'already revoked';
  const text = `devin-key-revoker: ${keyText({ service_user_id, api_key_id })} ${what}, proven dead at ${time}: ${shown} (${evidence}).`;
  return text.slice(0, MAX_COMMENT);
}

function manyComment(leaks: NonNullable<ProvenDead['leaks']>, time: string): string {
  const unknown = leaks.filter(({ owner }) => owner === 'unknown').length;
  const known = leaks.flatMap(({ api_key_id }) => api_key_id ?? []);
  const rejected = unknown === 0 ? '' : ` ${unknown} of unknown owner, rejected from our address.`;
  const start = `devin-key-revoker: ${leaks.length} tokens, all dead at ${time}.${rejected}`;
  return `${start}${known.length === 0 ? '' : ` API keys ${known.join(', ')}.`}`.slice(0, MAX_COMMENT);
}

function keyText({ service_user_id, api_key_id }: { [K in keyof Key]: Key[K] | undefined }): string {
  if (api_key_id === undefined) return 'API key';
  return `API key ${api_key_id}${service_user_id === undefined ? '' : ` of ${service_user_id}`}`;
}
