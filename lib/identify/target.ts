import type { ApiKey, Probe } from '../clients/devin.ts';
import type { Deps } from '../containment/deps.ts';
import type { Key } from '../domain/key.ts';
import type { Attribution, Candidate, OutcomeDraft } from '../domain/outcome.ts';
import { iso } from '../domain/time.ts';
import type { Token } from '../domain/token.ts';
import { sleep } from '../platform/retry.ts';
import { chooseKey } from './choose-key.ts';
import type { Use } from './correlate-uses.ts';
import { attribute } from './search-key.ts';
import { judgeOwner } from './token-owner.ts';

/** What is to be revoked: one key, or with `revoke_all` several, the most likely one first. */
export interface Target {
  readonly service_user_id: string;
  readonly keys: readonly { readonly api_key_id: string; readonly entry?: ApiKey | undefined }[];
  readonly attribution: Attribution;
  /** What proves the key dead; left out where only the listing can. */
  readonly token?: Token | undefined;
  /** Epoch seconds of the API's clock at our first use of the token. */
  readonly firstUse?: number | undefined;
}

/** Milliseconds that the search for the key may take, and that must be left for what comes after it. */
const SEARCH_MS = 50_000;
const AFTERWARDS_MS = 5_000;

/** The report names the key; its token, where the report has one, must not say otherwise. */
export function targetByIds(
  key: Key,
  token: Token | undefined,
  probe: Probe | undefined,
): Target | OutcomeDraft {
  const target = {
    service_user_id: key.service_user_id,
    keys: [{ api_key_id: key.api_key_id }],
    attribution: { method: 'ids', confidence: 'certain' },
  } as const;
  if (token === undefined || probe === undefined || probe.state === 'unknown') return { ...target, token };
  const owner = judgeOwner(probe);
  // A token that is dead already proves nothing of the key; the listing does.
  if (owner.owner === 'nobody') return target;
  if (owner.owner === 'undecided') return { ...owner.ending, ...key };
  if (owner.service_user_id === key.service_user_id) return { ...target, token, firstUse: secondOf(probe) };
  return {
    status: 'escalated',
    ...key,
    reason: `the report names a key of ${key.service_user_id}, but the token belongs to ${owner.service_user_id}`,
    next_step: 'find out which is right, and invoke the function with the ids alone or with the token alone',
  };
}

export interface Sighting {
  readonly service_user_id: string;
  readonly token: Token;
  /** The use of the token that told its service user. */
  readonly use: Use;
  readonly keys: readonly ApiKey[];
  /** The admin calls are made with this very token, so that they use it as well. */
  readonly isOnlyAdmin: boolean;
}

/** Finds the key of a live token in its service user's listing. `undefined`: no active key is left to be it. */
export async function targetByListing(
  sighting: Sighting,
  deps: Deps,
): Promise<Target | OutcomeDraft | undefined> {
  const { keys, service_user_id, token, use } = sighting;
  const chosen = chooseKey(keys, use.sent);
  const found = { service_user_id, token, firstUse: use.apiSecond };
  switch (chosen.choice) {
    case 'none':
      return undefined;
    case 'key':
      return {
        ...found,
        keys: [{ api_key_id: chosen.entry.api_key_id, entry: chosen.entry }],
        attribution: { method: 'only_active_key', confidence: 'high' },
      };
    case 'ambiguous':
      return search(sighting, chosen.candidates, found, deps);
    default:
      return chosen satisfies never;
  }
}

async function search(
  { isOnlyAdmin, service_user_id, token, use }: Sighting,
  candidates: readonly ApiKey[],
  found: Pick<Target, 'service_user_id' | 'token' | 'firstUse'>,
  deps: Deps,
): Promise<Target | OutcomeDraft> {
  const once = { deadline: deps.deadline, attempts: 2 };
  const world = {
    now: Date.now,
    sleep,
    random: Math.random,
    list: () => deps.devin.listKeys(service_user_id, once),
    use: async () => {
      const probe = await deps.devin.probe(token, once);
      return probe.state === 'alive' ? { apiSecond: probe.apiSecond } : undefined;
    },
  };
  const deadline = Math.min(Date.now() + SEARCH_MS, deps.deadline - deps.proofWindowMs - AFTERWARDS_MS);
  const ids = candidates.map(({ api_key_id }) => api_key_id);
  const verdict = await attribute(world, {
    candidates: ids,
    earlier: use,
    listingUses: isOnlyAdmin,
    deadline,
  });
  const byId = new Map(candidates.map((entry) => [entry.api_key_id, entry]));
  if (verdict.verdict !== 'open') {
    const { api_key_id } = verdict;
    return {
      ...found,
      keys: [{ api_key_id, entry: byId.get(api_key_id) }],
      attribution: { method: 'last_used_at', confidence: verdict.verdict === 'follows' ? 'high' : 'medium' },
    };
  }
  const ranked = verdict.likely.flatMap((id) => byId.get(id) ?? []);
  if (deps.ambiguousKey === 'escalate') return ambiguous(service_user_id, ranked);
  if (await isOurs(service_user_id, deps)) {
    return {
      ...ambiguous(service_user_id, ranked),
      reason: `${service_user_id} is our own service user, whose keys are not revoked one by one`,
    };
  }
  const keys = ranked.map((entry) => ({ api_key_id: entry.api_key_id, entry }));
  return { ...found, keys, attribution: { method: 'elimination', confidence: 'high' } };
}

/** Fails closed: while it can not be told, it is ours. */
async function isOurs(serviceUserId: string, { deadline, devin }: Deps): Promise<boolean> {
  const probe = await devin.probeAdmin({ deadline, attempts: 3 });
  return probe.state !== 'alive' || probe.principal.service_user_id === serviceUserId;
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

export function candidate({ api_key_id, api_key_name, created_at, last_used_at }: ApiKey): Candidate {
  const used = typeof last_used_at === 'number' ? iso(last_used_at * 1_000) : null;
  return { api_key_id, api_key_name, created_at: iso(created_at * 1_000), last_used_at: used };
}

function secondOf(probe: Probe): number | undefined {
  return probe.state === 'alive' ? probe.apiSecond : undefined;
}
