import type { ApiKey, KeyListing } from '../../lib/clients/devin.ts';
import type { Verdict } from '../../lib/identify/correlate-uses.ts';
import { attribute, type World } from '../../lib/identify/search-key.ts';

/** How others use a key. */
export type Traffic =
  | { kind: 'idle' }
  /** at random moments, so many a second on average */
  | { kind: 'random'; perSecond: number }
  /** by a timetable, so many times in a row, a second apart, each late by up to `jitter` seconds */
  | { kind: 'periodic'; everySeconds: number; burst?: number; jitter?: number };

export type WorldOptions = {
  seed: number;
  /** traffic on the leaked key by others, and on each of its siblings */
  leaked: Traffic;
  siblings: Traffic[];
  /** seconds until a use shows; Infinity = never */
  lag: number;
  /** seconds of randomness on the lag of each use */
  lagJitter?: number;
  /** seconds of lag that each key has of its own, the leaked one first */
  ownLags?: number[];
  /** seconds, the clock of the values against ours, and that of the Date header */
  skew: number;
  dateSkew?: number;
  /** milliseconds that a call takes */
  latency: number;
  /** calls that one listing takes; each page is read at a moment of its own */
  pages?: number;
  /** a use is not stored while the stored one is younger than so many seconds */
  throttle?: number;
  /** uses show at moments so many seconds apart, all at once */
  flush?: number;
  /** a use is stored with the time at which it shows, as a job would do that stamps with its own clock */
  stampedLate?: boolean;
  /** times are cut to so many seconds */
  granularity?: number;
  /** the admin calls are made with the leaked token */
  own?: boolean;
  /** seconds after which the token stops working */
  diesAfter?: number;
  /** seconds that the search may take, default 40 */
  budget?: number;
};

export type Played = {
  found: string | undefined;
  verdict: Verdict['verdict'];
  seconds: number;
  /** epoch milliseconds of our uses of the token that the API saw, the listings of `own` included */
  uses: number[];
};

type Update = { shows: number; value: number };

const LENGTH_SECONDS = 150;

/** Plays one search on a simulated clock: nothing waits, and the same seed gives the same world. */
export async function play(options: WorldOptions): Promise<Played> {
  const { budget = 40, dateSkew = options.skew, diesAfter = Number.POSITIVE_INFINITY } = options;
  const { flush = 0, granularity = 1, latency, own = false, pages = 1, skew, throttle = 0 } = options;
  const random = generator(options.seed);
  const begin = 1_785_400_000_000 + random() * 100_000;
  let clock = begin;
  const ours: number[] = [];
  const keys = [options.leaked, ...options.siblings].map((traffic, index) => {
    const uses = moments(traffic, begin, random).map((at) => ({ at, shows: showsAt(at, index) }));
    return { id: index === 0 ? 'leaked' : `sibling-${index}`, uses, updates: updatesOf(uses) };
  });
  const leaked = keys[0]!;

  function showsAt(at: number, index: number): number {
    const lag = options.lag + (options.ownLags?.[index] ?? 0) + random() * (options.lagJitter ?? 0);
    const ready = at + lag * 1_000;
    return flush === 0 ? ready : Math.ceil(ready / (flush * 1_000)) * flush * 1_000;
  }
  /** What the listing shows from when on: in the order of showing, each the latest so far. */
  function updatesOf(uses: { at: number; shows: number }[]): Update[] {
    let stored = Number.NEGATIVE_INFINITY;
    const kept = [...uses]
      .sort((a, b) => a.at - b.at)
      .filter(({ at }) => {
        const isKept = at - stored >= throttle * 1_000;
        if (isKept) stored = at;
        return isKept;
      })
      .sort((a, b) => a.shows - b.shows);
    let latest = Number.NEGATIVE_INFINITY;
    return kept.map(({ at, shows }) => {
      const second = (options.stampedLate ? shows : at) / 1_000 + skew;
      latest = Math.max(latest, Math.floor(second / granularity) * granularity);
      return { shows, value: latest };
    });
  }
  async function call<T>(effect: () => T): Promise<T> {
    clock += (latency * (0.5 + random())) / 2;
    const result = effect();
    clock += (latency * (0.5 + random())) / 2;
    return result;
  }
  const apiSecond = (): number => Math.floor(clock / 1_000 + dateSkew);
  const works = (): boolean => clock < begin + diesAfter * 1_000;
  function touch(): void {
    ours.push(clock);
    leaked.uses.push({ at: clock, shows: showsAt(clock, 0) });
    leaked.updates = updatesOf(leaked.uses);
  }
  const use = () =>
    call(() => {
      if (!works()) return undefined;
      touch();
      return { apiSecond: apiSecond() };
    });
  async function list(): Promise<KeyListing> {
    const entries: ApiKey[] = [];
    const size = Math.ceil(keys.length / pages);
    for (let page = 0; page < pages; page++) {
      const isRefused = await call(() => {
        if (own && !works()) return true;
        // The API authenticates the caller before it reads.
        if (own) touch();
        const onPage = keys.slice(page * size, (page + 1) * size);
        entries.push(...onPage.map(({ id, updates }) => entry(id, lastOf(updates, clock))));
        return false;
      });
      if (isRefused) return { ok: false, status: 401, reason: 'HTTP 401', retryable: true };
    }
    return { ok: true, keys: entries, apiSecond: apiSecond() };
  }
  const world: World = {
    use,
    list,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    random,
  };

  const sent = clock;
  const first = await use();
  const verdict = await attribute(world, {
    candidates: keys.map(({ id }) => id).sort(),
    earlier: { sent, answered: clock, ...first },
    listingUses: own,
    deadline: begin + budget * 1_000,
  });
  return {
    found: verdict.verdict === 'open' ? undefined : verdict.api_key_id,
    verdict: verdict.verdict,
    seconds: (clock - begin) / 1_000,
    uses: ours,
  };
}

function entry(id: string, last_used_at: number | null): ApiKey {
  const times = { created_at: 0, expires_at: null, revoked_at: null, last_used_at };
  return { api_key_id: id, api_key_name: id, is_active: true, ...times };
}

/** The value that shows at a moment, by bisection. */
function lastOf(updates: readonly Update[], at: number): number | null {
  let low = 0;
  let high = updates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (updates[middle]!.shows <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : updates[low - 1]!.value;
}

/** The moments of use, from before the search to after it. */
function moments(traffic: Traffic, begin: number, random: () => number): number[] {
  const from = begin - 70_000;
  const to = begin + LENGTH_SECONDS * 1_000;
  const drawn: number[] = [];
  if (traffic.kind === 'random') {
    for (let at = from; at < to; at += (-Math.log(1 - random()) / traffic.perSecond) * 1_000) drawn.push(at);
  } else if (traffic.kind === 'periodic') {
    const { burst = 1, jitter = 0 } = traffic;
    const every = traffic.everySeconds * 1_000;
    for (let at = from + random() * every; at < to; at += every) {
      for (let use = 0; use < burst; use++) drawn.push(at + use * 1_000 + random() * jitter * 1_000);
    }
  }
  return drawn;
}

/** Mulberry32: small, seeded, good enough to draw worlds. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
