import type { Outcome } from '../domain/outcome.ts';
import type { Exposure, Proof } from '../domain/outcome-facts.ts';
import type { Ended } from './ended.ts';
import { span } from './span.ts';

/** Whether the key is dead, and how that is known. */
export function deadOrAlive({ attempt, outcome }: Ended): string {
  switch (outcome.status) {
    case 'revoked':
      return `dead: ${proven(outcome.proof)}${outcome.evidence === 'recovered' ? '; an earlier delivery revoked it' : ''}`;
    case 'already_revoked':
      return outcome.owner === 'unknown'
        ? 'rejected (HTTP 401) from our address. Nobody here knows whose it is: it may be revoked, or of an enterprise that admits other addresses only. It is looked at once more'
        : `dead before this software acted: ${proven(outcome.proof)}`;
    case 'not_found':
      return 'Devin does not know the key, and its listing does not show it';
    case 'still_alive':
      return 'ALIVE: Devin accepted the revocation, and the token still works. It is retried';
    case 'escalated':
      return 'not proven dead: take it for alive';
    case 'rehearsed':
      return `not touched, since this is a dry run. It would have ended as ${outcome.would_end}`;
    case 'failed':
      return outcome.retryable
        ? `not proven dead: take it for alive. It is retried, ${attempt} ${attempt === 1 ? 'delivery' : 'deliveries'} so far`
        : 'not proven dead: take it for alive. It is not retried';
    case 'ignored':
      return 'not looked at';
    default:
      return outcome satisfies never;
  }
}

/** How long it was open; `undefined` when neither end is known. */
export function openFor({ exposure, status }: Outcome): string | undefined {
  if (exposure === undefined) return undefined;
  const { leaked_at, proven_at, seconds_to_revoke, seen_at } = exposure;
  const known = `first seen ${seen_at}`;
  const leaked = leaked_at === undefined ? 'when it leaked is not known' : `leaked ${leaked_at}`;
  if (proven_at === undefined) return status === 'not_found' ? undefined : `${leaked}, ${known}`;
  if (status !== 'revoked') return `${leaked}, ${known}, found dead ${proven_at}`;
  const total = leaked_at === undefined ? '' : `${span(Date.parse(proven_at) - Date.parse(leaked_at))}: `;
  const ours = seconds_to_revoke === undefined ? '' : `, ${span(seconds_to_revoke * 1_000)} after that`;
  return `${total}${leaked}, ${known}, proven dead ${proven_at}${ours}`;
}

/** Whether somebody used it. */
export function usedByOthers({ last_used_at, used_after_leak }: Partial<Exposure> = {}): string {
  if (last_used_at === undefined) return 'not known';
  if (used_after_leak === true)
    return `YES, after it leaked: last ${last_used_at}, which is none of our own uses`;
  if (used_after_leak === false) return `not since it leaked; last ${last_used_at}`;
  return `last ${last_used_at}`;
}

function proven({ at, method, probes }: Proof): string {
  const when = new Date(at).toISOString();
  return method === 'token'
    ? `the token is answered 401 three times in a row while our admin token works (${probes} looks, the last ${when})`
    : `the key listing shows it inactive (${when})`;
}
