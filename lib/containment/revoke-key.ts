import type { ReportTrail } from '../audit/trail.ts';
import type { Devin } from '../clients/devin.ts';
import type { Refusal } from '../clients/devin-shapes.ts';
import type { Key } from '../domain/key.ts';
import type { Deletion } from '../domain/outcome-facts.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** How the API took the DELETE. `absent`: 404, and the listing does not show the key. */
export type DeleteResult =
  | {
      readonly result: 'revoked' | 'already_revoked';
      /** An earlier attempt of this run may have revoked the key without an answer. */
      readonly uncertain: boolean;
    }
  | { readonly result: 'absent' }
  | ({ readonly result: 'refused' } & Omit<Refusal, 'ok'>);

/** What came of a DELETE, and when it was sent. */
export type Deleted = DeleteResult & { readonly deletion: Deletion };

/**
 * Revokes a key, and records beside the DELETE that it was sent. 404 alone is no success, since a wrong service user id
 * looks the same: the key is `absent` only when the listing of that service user answers and does not show it.
 */
export async function revokeKey(
  devin: Devin,
  key: Key,
  trail: Pick<ReportTrail, 'markDelete' | 'deleteEnded'>,
  retry: RetryOptions,
): Promise<Deleted> {
  const sent_at = Date.now();
  await trail.markDelete(key, sent_at);
  const result = await deleteKey(devin, key, retry);
  const deletion = {
    service_user_id: key.service_user_id,
    api_key_id: key.api_key_id,
    sent_at,
    ...answerOf(result),
  };
  trail.deleteEnded(deletion);
  return { ...result, deletion };
}

function answerOf(result: DeleteResult): Pick<Deletion, 'answer' | 'lost_answer'> {
  switch (result.result) {
    case 'revoked':
    case 'absent':
      return { answer: result.result };
    case 'already_revoked':
      return { answer: result.result, ...(result.uncertain && { lost_answer: true }) };
    case 'refused':
      return result.status === undefined
        ? { answer: 'unanswered' }
        : { answer: 'refused', ...(result.uncertain && { lost_answer: true }) };
    default:
      return result satisfies never;
  }
}

async function deleteKey(devin: Devin, key: Key, retry: RetryOptions): Promise<DeleteResult> {
  const answer = await devin.revokeKey(key, retry);
  if (!answer.ok) return refused(answer);
  if (answer.answer !== 'not_found') return { result: answer.answer, uncertain: answer.uncertain };

  const listing = await devin.listKeys(key.service_user_id, retry);
  if (!listing.ok) {
    return refused({
      ...listing,
      status: 404,
      reason: `Devin does not know the key (HTTP 404), and the listing does not confirm it: ${listing.reason}`,
    });
  }
  const entry = listing.keys.find(({ api_key_id }) => api_key_id === key.api_key_id);
  if (entry === undefined) return { result: 'absent' };
  return entry.is_active
    ? {
        result: 'refused',
        status: 404,
        retryable: true,
        reason: 'Devin does not know the key (HTTP 404), yet its listing shows it active',
      }
    : { result: 'already_revoked', uncertain: answer.uncertain };
}

function refused({ ok: _ok, ...rest }: Refusal): DeleteResult {
  return { result: 'refused', ...rest };
}
