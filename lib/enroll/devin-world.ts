import { setTimeout as sleep } from 'node:timers/promises';
import type { Devin } from '../clients/devin.ts';
import type { Token } from '../domain/token.ts';
import { tossCoin } from '../identify/experiment/toss-coin.ts';
import type { World } from '../identify/experiment/world.ts';

/** Milliseconds for one call. */
const CALL_MS = 5_000;

/**
 * The world of an experiment at Devin, without retries.
 *
 * @param looker looks at the listing with another token than the one that is experimented with
 */
export function devinWorld(looker: Devin, token: Token, serviceUserId: string): World {
  const once = () => ({ deadline: Date.now() + CALL_MS, attempts: 1, timeoutMs: CALL_MS });
  return {
    async use() {
      const probe = await looker.probe(token, once());
      switch (probe.state) {
        case 'alive':
          return 'accepted';
        case 'dead':
          return 'rejected';
        case 'unknown':
          return probe.status === 429 ? 'limited' : 'unknown';
        default:
          return probe satisfies never;
      }
    },

    async list() {
      const listing = await looker.listKeys(serviceUserId, once());
      if (!listing.ok) return { ok: false, isLimited: listing.status === 429 };
      const lastUsed = new Map(
        listing.keys.map(({ api_key_id, last_used_at }) => [api_key_id, last_used_at ?? null] as const),
      );
      return { ok: true, lastUsed, apiSecond: listing.apiSecond };
    },

    now: Date.now,

    async sleepUntil(ms, signal) {
      const options = signal === undefined ? {} : { signal };
      // It rejects when the signal aborts, which only ends the wait.
      await sleep(Math.max(0, ms - Date.now()), undefined, options).catch(() => {});
    },

    toss: tossCoin,
  };
}
