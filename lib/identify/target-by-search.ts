import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Devin } from '../clients/devin.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { Attribution } from '../domain/outcome-facts.ts';
import { ambiguous, ownSibling, type Ranked } from './escalate-candidates.ts';
import { infer, type OwnedToken } from './infer-key.ts';
import { type SearchParts, searchKey } from './search-key.ts';
import type { SearchResult } from './search-result.ts';
import type { FoundTarget } from './target.ts';

// Loaded when a search starts: most reports need none.

export interface SearchOptions {
  readonly devin: Devin;
  readonly store: AuditStore;
  readonly notify: SearchParts['notify'];
  readonly report_id: string;
  /** What to do with a token whose key stays ambiguous. */
  readonly ambiguousKey: 'escalate' | 'revoke_all';
  /** The most that the probability of a wrong key may be. */
  readonly error: number;
  /** Milliseconds that the search may take. */
  readonly searchMs: number;
  /** Epoch milliseconds after which nothing of the search goes on. */
  readonly until: number;
}

/** Finds the key of a live token among several by the experiment. */
export async function targetBySearch(
  owned: OwnedToken,
  candidates: readonly ApiKey[],
  { ambiguousKey, ...options }: SearchOptions,
): Promise<FoundTarget | Decided> {
  const { service_user_id, token } = owned;
  const searched = await searchKey(options, { ...options, service_user_id, token, candidates });
  if (searched.status === 'busy') {
    return tryAgain(owned, 'another report of the token is still looking for its key');
  }
  const { result } = searched;
  const ranked = rank(result, candidates);
  switch (result.ended) {
    case 'died':
      return tryAgain(owned, 'the token was answered 401 while its key was looked for');
    case 'stopped':
      return tryAgain(owned, 'another report of the token took over the search for its key');
    case 'found': {
      const entry = candidates.find(({ api_key_id }) => api_key_id === result.api_key_id);
      // Made since the search began, which another report of the token ran.
      if (entry === undefined) return tryAgain(owned, 'the key that was found is not listed');
      return infer(owned, entry, experimentOf(result), ranked);
    }
    case 'open':
      // Beside a token of ours, the other one that we use may be among the candidates.
      if (owned.ownership !== 'other') return decided(ownSibling(service_user_id, ranked));
      return ambiguousKey === 'revoke_all'
        ? byElimination(owned, ranked)
        : decided(ambiguous(service_user_id, ranked));
    default:
      return result.ended satisfies never;
  }
}

function byElimination(owned: OwnedToken, ranked: readonly Ranked[]): FoundTarget {
  const { service_user_id, token, use } = owned;
  const candidates = ranked
    .filter(({ is_active }) => is_active)
    .map((entry) => ({ api_key_id: entry.api_key_id, entry }));
  const attribution = { method: 'elimination', confidence: 'high' } as const;
  return {
    status: 'found',
    target: { kind: 'candidates', service_user_id, candidates, token, firstUse: use.apiSecond, attribution },
  };
}

function experimentOf({ bound_log10, error, likelihoods, slots, uses }: SearchResult): Attribution {
  const log10_e = likelihoods[0]?.log10 ?? 0;
  return {
    method: 'experiment',
    confidence: 'high',
    experiment: { log10_e, bound_log10, error, slots, uses },
  };
}

/** The most likely key first; of those that are as likely, the one that was used last. */
function rank({ likelihoods }: SearchResult, candidates: readonly ApiKey[]): Ranked[] {
  const log10 = new Map(likelihoods.map(({ api_key_id, log10 }) => [api_key_id, log10]));
  return candidates
    .map((entry) => {
      const log10_e = log10.get(entry.api_key_id);
      return log10_e === undefined ? entry : { ...entry, log10_e };
    })
    .sort(
      (a: Ranked, b: Ranked) =>
        (b.log10_e ?? 0) - (a.log10_e ?? 0) || (b.last_used_at ?? 0) - (a.last_used_at ?? 0),
    );
}

function tryAgain({ service_user_id }: OwnedToken, reason: string): Decided {
  return decided({ status: 'failed', service_user_id, reason, retryable: true });
}
