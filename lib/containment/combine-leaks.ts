import type { OutcomeDraft } from '../domain/outcome.ts';
import type { LeakPart } from '../domain/outcome-facts.ts';

/** The first is the worst: what a person has to know of first, and what keeps the report from being done. */
const WORST_FIRST: readonly OutcomeDraft['status'][] = [
  'still_alive',
  'failed',
  'escalated',
  'not_found',
  'revoked',
  'already_revoked',
  'rehearsed',
  'ignored',
];

/**
 * The outcome of a report with several leaks: that of the one that is worst off, with all of them in `leaks`. A failure
 * that a retry may mend comes before one that it cannot.
 */
export function combineLeaks(drafts: readonly [OutcomeDraft, ...OutcomeDraft[]]): OutcomeDraft {
  const [first, ...others] = drafts;
  const worst = others.reduce<OutcomeDraft>(
    (seen, draft) => (rank(draft) < rank(seen) ? draft : seen),
    first,
  );
  const collateral = drafts.flatMap((draft) => draft.collateral ?? []);
  return {
    ...worst,
    ...(drafts.some(({ own_key }) => own_key) && { own_key: true as const }),
    ...(collateral.length > 0 && { collateral }),
    leaks: drafts.map(partOf),
  };
}

function rank(draft: OutcomeDraft): number {
  const isFinalFailure = draft.status === 'failed' && !draft.retryable;
  return WORST_FIRST.indexOf(draft.status) + (isFinalFailure ? 0.5 : 0);
}

function partOf(draft: OutcomeDraft): LeakPart {
  const { alert: _alert, deletions: _deletions, leaks: _leaks, ...facts } = draft;
  switch (facts.status) {
    case 'rehearsed': {
      const { would_do: _do, would_end: _end, ...rest } = facts;
      return rest;
    }
    case 'failed': {
      const { retry_at: _at, ...rest } = facts;
      return rest;
    }
    case 'revoked':
    case 'already_revoked':
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'ignored':
      return facts;
    default:
      return facts satisfies never;
  }
}
