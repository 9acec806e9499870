import type { Devin } from '../clients/devin.ts';
import type { Token } from '../domain/token.ts';
import { runExperiment } from './experiment/run-experiment.ts';
import { tossCoin } from './experiment/toss-coin.ts';
import type { World } from './experiment/world.ts';
import type { SearchResult } from './search-result.ts';

export interface TellApartOptions {
  readonly service_user_id: string;
  readonly token: Token;
  /** Ids of the keys that it may be. */
  readonly candidates: readonly string[];
  /** The most that the probability of a wrong key may be. */
  readonly error: number;
  /** Epoch milliseconds. */
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds after which a call of the experiment is given up. */
const CALL_MS = 5_000;

/** Runs the experiment on the Devin API. */
export async function tellApart(
  devin: Pick<Devin, 'listKeys' | 'probe'>,
  { candidates, error, service_user_id, signal, token, until }: TellApartOptions,
): Promise<SearchResult> {
  const world = devinWorld(devin, service_user_id, token);
  const result = await runExperiment(world, { candidates, alpha: error, deadline: until, signal });
  const { api_key_id, bound_log10, likelihoods, slots, uses } = result;
  return {
    ended: endOf(result.ended),
    ...(api_key_id !== undefined && { api_key_id }),
    likelihoods: likelihoods.map(({ api_key_id, log10 }) => ({ api_key_id, log10 })),
    bound_log10: Math.round(bound_log10 * 1_000) / 1_000,
    error,
    slots,
    uses: uses.length,
  };
}

function endOf(ended: Awaited<ReturnType<typeof runExperiment>>['ended']): SearchResult['ended'] {
  switch (ended) {
    case 'found':
      return 'found';
    case 'rejected':
      return 'died';
    case 'stopped':
      return 'stopped';
    case 'deadline':
    case 'futile':
    case 'failing':
      return 'open';
    default:
      return ended satisfies never;
  }
}

/** No call is tried again: a use that comes late would be in the wrong slot. */
export function devinWorld(
  devin: Pick<Devin, 'listKeys' | 'probe'>,
  serviceUserId: string,
  token: Token,
): World {
  const once = () => ({ deadline: Date.now() + CALL_MS, attempts: 1, timeoutMs: CALL_MS });
  return {
    now: Date.now,
    toss: tossCoin,
    sleepUntil,
    async use() {
      const probe = await devin.probe(token, once()).catch(() => undefined);
      switch (probe?.state) {
        case 'alive':
          return 'accepted';
        case 'dead':
          return 'rejected';
        case 'unknown':
          return probe.status === 429 ? 'limited' : 'unknown';
        case undefined:
          return 'unknown';
        default:
          return probe satisfies undefined;
      }
    },
    async list() {
      const listing = await devin.listKeys(serviceUserId, once()).catch(() => undefined);
      if (listing?.ok !== true) {
        return { ok: false, isLimited: listing?.status === 429, retryAfterMs: listing?.retryAfterMs };
      }
      const { apiSecond, keys } = listing;
      const lastUsed = new Map(
        keys.map(({ api_key_id, last_used_at }) => [api_key_id, last_used_at ?? null]),
      );
      return { ok: true, lastUsed, apiSecond };
    },
  };
}

function sleepUntil(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.max(0, ms - Date.now()));
    signal?.addEventListener('abort', wake);
  });
}
