import type { ApiKey, Devin } from '../clients/devin.ts';
import {
  type Attribution,
  type Candidate,
  type Decided,
  decided,
  type OutcomeDraft,
} from '../domain/outcome.ts';
import { iso } from '../domain/time.ts';
import type { Token } from '../domain/token.ts';
import { type RetryOptions, sleep } from '../platform/retry.ts';
import { chooseKey } from './choose-key.ts';
import type { Use } from './correlate-uses.ts';
import type { FoundTarget } from './target.ts';

/** A live token of a service user, and the listing of that user's keys. */
export interface OwnedToken {
  readonly service_user_id: string;
  readonly token: Token;
  /** The use of the token that showed its service user. */
  readonly use: Use;
  readonly keys: readonly ApiKey[];
  /** The admin calls are made with this very token, so that they use it as well. */
  readonly isOnlyAdmin: boolean;
}

export interface ListingOptions {
  /** What to do with a token whose key stays ambiguous. */
  readonly ambiguousKey: 'escalate' | 'revoke_all';
  /** Epoch milliseconds after which the search for the key ends. */
  readonly searchUntil: number;
  readonly retry: RetryOptions;
}

/** Milliseconds that the search for the key may take. */
const SEARCH_MS = 50_000;

/** Finds the key of a live token in its service user's listing. `none`: no active key is left to be it. */
export async function targetByListing(
  owned: OwnedToken,
  devin: Devin,
  options: ListingOptions,
): Promise<FoundTarget | { readonly status: 'none' } | Decided> {
  const choice = chooseKey(owned.keys, owned.use.sent);
  switch (choice.choice) {
    case 'none':
      return { status: 'none' };
    case 'key':
      return found(owned, choice.entry, { method: 'only_active_key', confidence: 'high' });
    case 'ambiguous':
      return search(owned, choice.candidates, devin, options);
    default:
      return choice satisfies never;
  }
}

async function search(
  owned: OwnedToken,
  candidates: readonly ApiKey[],
  devin: Devin,
  { ambiguousKey, retry, searchUntil }: ListingOptions,
): Promise<FoundTarget | Decided> {
  const { isOnlyAdmin, service_user_id, token, use } = owned;
  const once = { ...retry, attempts: 2 };
  const world = {
    now: Date.now,
    sleep,
    random: Math.random,
    list: () => devin.listKeys(service_user_id, once),
    use: async () => {
      const probe = await devin.probe(token, once);
      return probe.state === 'alive' ? { apiSecond: probe.apiSecond } : undefined;
    },
  };
  // Most reports need no search.
  const { attribute } = await import('./search-key.ts');
  const verdict = await attribute(world, {
    candidates: candidates.map(({ api_key_id }) => api_key_id),
    earlier: use,
    listingUses: isOnlyAdmin,
    deadline: Math.min(Date.now() + SEARCH_MS, searchUntil),
  });
  const byId = new Map(candidates.map((entry) => [entry.api_key_id, entry]));
  if (verdict.verdict !== 'open') {
    const entry = byId.get(verdict.api_key_id);
    if (entry === undefined) throw new RangeError('the search named a key that is no candidate');
    const confidence = verdict.verdict === 'follows' ? 'high' : 'medium';
    return found(owned, entry, { method: 'last_used_at', confidence });
  }
  const ranked = verdict.likely.flatMap((id) => byId.get(id) ?? []);
  if (ambiguousKey === 'escalate') return decided(ambiguous(service_user_id, ranked));
  if (await mayBeOurServiceUser(service_user_id, devin, retry)) {
    return decided({
      ...ambiguous(service_user_id, ranked),
      reason: `${service_user_id} is our own service user, whose keys are not revoked one by one`,
    });
  }
  return byElimination(owned, ranked);
}

function byElimination(owned: OwnedToken, ranked: readonly ApiKey[]): FoundTarget {
  const { service_user_id, token, use } = owned;
  const attribution = { method: 'elimination', confidence: 'high' } as const;
  const [only, ...others] = ranked;
  if (only !== undefined && others.length === 0) return found(owned, only, attribution);
  const candidates = ranked.map((entry) => ({ api_key_id: entry.api_key_id, entry }));
  return {
    status: 'found',
    target: { kind: 'candidates', service_user_id, candidates, token, firstUse: use.apiSecond, attribution },
  };
}

function found(
  { service_user_id, token, use }: OwnedToken,
  entry: ApiKey,
  attribution: Attribution,
): FoundTarget {
  const key = { service_user_id, api_key_id: entry.api_key_id };
  return {
    status: 'found',
    target: { kind: 'key', key, entry, token, firstUse: use.apiSecond, attribution },
  };
}

/** Fails closed: `true` as well while it is not known which service user is ours. */
async function mayBeOurServiceUser(id: string, devin: Devin, retry: RetryOptions): Promise<boolean> {
  const probe = await devin.probeAdmin({ ...retry, attempts: 3 });
  return probe.state !== 'alive' || probe.principal.service_user_id === id;
}

function ambiguous(
  service_user_id: string,
  keys: readonly ApiKey[],
): Extract<OutcomeDraft, { status: 'escalated' }> {
  const event = JSON.stringify({ service_user_id, api_key_id: keys[0]?.api_key_id });
  return {
    status: 'escalated',
    service_user_id,
    candidates: keys.slice(0, 50).map(candidate),
    reason: `${service_user_id} has ${keys.length} active keys, and their use does not tell which of them leaked`,
    next_step: `decide which key it is (the most likely one is named first), and invoke the revoke function with ${event}`,
  };
}

function candidate({ api_key_id, api_key_name, created_at, last_used_at }: ApiKey): Candidate {
  const used = typeof last_used_at === 'number' ? iso(last_used_at * 1_000) : null;
  return { api_key_id, api_key_name, created_at: iso(created_at * 1_000), last_used_at: used };
}
