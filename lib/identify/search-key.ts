import type { KeyListing } from '../clients/devin.ts';
import {
  judgeTraces,
  type Look,
  MOST_USES,
  USES_WHEN_QUIET,
  type Use,
  type Verdict,
} from './correlate-uses.ts';

/** What the search does to the world; in the simulation, a simulated one. */
export interface World {
  /** Uses the token once. `undefined`: it did not authenticate, or gave no answer. */
  use(): Promise<{ readonly apiSecond?: number | undefined } | undefined>;
  list(): Promise<KeyListing>;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export interface Search {
  /** Ids of the keys that it may be. */
  readonly candidates: readonly string[];
  /** Our use of the token that told its service user. */
  readonly earlier: Use;
  /** The listing calls are uses of the leaked token themselves, since it is our own. */
  readonly listingUses: boolean;
  /** Epoch milliseconds after which the search ends. */
  readonly deadline: number;
}

/** Milliseconds between looks at the listing. */
const LOOK_EVERY_MS = 400;
/** Milliseconds between uses at the least, so that they fall into different seconds. */
const GAP_MS = 1_150;
/** Milliseconds of randomness on top of it: for the first few uses, and for more, when there is traffic to tell from. */
const SPREAD_MS = 700;
const WIDE_SPREAD_MS = 3_000;
/** Milliseconds to wait for the first uses to show before the token is used more often. */
const PATIENCE_MS = 2_500;

/**
 * Finds the key behind a token by using the token at random moments and watching which key's `last_used_at` follows.
 * Bounded in uses and in time; when it ends without a verdict the key stays ambiguous.
 */
export async function attribute(world: World, search: Search): Promise<Verdict> {
  const looks: Look[] = [];
  const uses: Use[] = [search.earlier];
  const wanted = new Set(search.candidates);
  let verdict: Verdict = { verdict: 'open', likely: search.candidates };
  let lookMs = 0;
  let nextUse = search.earlier.answered + GAP_MS;

  while (world.now() + lookMs < search.deadline) {
    const asked = world.now();
    const listing = await world.list();
    if (!listing.ok) break;
    lookMs = Math.max(lookMs, world.now() - asked);
    looks.push(lookOf(listing, wanted, asked));
    if (search.listingUses) uses.push({ sent: asked, answered: world.now(), apiSecond: listing.apiSecond });

    // With our own token the first look is a use too, which shows in it or in the next.
    verdict = judgeTraces({ looks, uses, from: search.listingUses ? 2 : 1 });
    if (verdict.verdict !== 'open') break;

    const spread = uses.length <= USES_WHEN_QUIET ? SPREAD_MS : WIDE_SPREAD_MS;
    const gap = Math.max(GAP_MS, 2 * (LOOK_EVERY_MS + lookMs)) + world.random() * spread;
    if (search.listingUses) {
      await world.sleep(gap);
    } else if (world.now() < nextUse || uses.length > MOST_USES) {
      await world.sleep(LOOK_EVERY_MS);
    } else {
      const sent = world.now();
      const used = await world.use();
      if (used === undefined) break;
      uses.push({ sent, answered: world.now(), apiSecond: used.apiSecond });
      nextUse = world.now() + (uses.length - 1 === USES_WHEN_QUIET ? Math.max(gap, PATIENCE_MS) : gap);
    }
  }
  return verdict;
}

function lookOf(listing: Extract<KeyListing, { ok: true }>, wanted: ReadonlySet<string>, at: number): Look {
  const entries = listing.keys.filter(({ api_key_id }) => wanted.has(api_key_id));
  return {
    at,
    apiSecond: listing.apiSecond,
    lastUsed: new Map(entries.map(({ api_key_id, last_used_at }) => [api_key_id, last_used_at ?? null])),
  };
}
