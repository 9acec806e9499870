import type { ApiKey } from '../../lib/devin.ts';
import { attribute, type World } from '../../lib/identify/attribute.ts';

/** How others use a key. */
export type Traffic =
  | { kind: 'idle' }
  /** at random moments, so many a second on average */
  | { kind: 'random'; perSecond: number }
  /** by a timetable */
  | { kind: 'periodic'; everySeconds: number };

export type WorldOptions = {
  seed: number;
  /** traffic on the leaked key by others, and on each of its siblings */
  leaked: Traffic;
  siblings: Traffic[];
  /** seconds until a use shows; Infinity = never */
  lag: number;
  /** seconds of randomness on the lag of each use */
  lagJitter?: number;
  /** seconds, the clock of the values against ours, and that of the Date header */
  skew: number;
  dateSkew?: number;
  /** milliseconds that a call takes */
  latency: number;
  /** seconds that the search may take, default 40 */
  budget?: number;
};

const LENGTH_SECONDS = 150;

/** Plays one search on a simulated clock: nothing waits, and the same seed gives the same world. */
export async function play(options: WorldOptions): Promise<{ found: string | undefined; seconds: number }> {
  const { budget = 40, dateSkew = options.skew, latency, skew } = options;
  const random = generator(options.seed);
  const begin = 1_785_400_000_000 + random() * 10_000;
  let clock = begin;
  const keys = [options.leaked, ...options.siblings].map((traffic, index) => ({
    id: index === 0 ? 'leaked' : `sibling-${index}`,
    uses: moments(traffic, begin, random).map((at) => ({ at, shows: at + lagOf() })),
  }));
  const leaked = keys[0]!;

  function lagOf(): number {
    return (options.lag + random() * (options.lagJitter ?? 0)) * 1_000;
  }
  const apiSecond = (): number => Math.floor(clock / 1_000 + dateSkew);
  async function use(): Promise<{ apiSecond: number }> {
    clock += (latency * (0.5 + random())) / 2;
    leaked.uses.push({ at: clock, shows: clock + lagOf() });
    clock += (latency * (0.5 + random())) / 2;
    return { apiSecond: apiSecond() };
  }
  const world: World = {
    use,
    list: async () => {
      clock += (latency * (0.5 + random())) / 2;
      const entries = keys.map(({ id, uses }) => entry(id, uses));
      clock += (latency * (0.5 + random())) / 2;
      return { ok: true, keys: entries, apiSecond: apiSecond() };
    },
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
    random,
  };
  function entry(id: string, uses: { at: number; shows: number }[]): ApiKey {
    const seen = uses.filter(({ shows }) => shows <= clock).map(({ at }) => Math.floor(at / 1_000 + skew));
    const last_used_at = seen.length === 0 ? null : seen.reduce((a, b) => Math.max(a, b));
    const times = { created_at: 0, expires_at: null, revoked_at: null, last_used_at };
    return { api_key_id: id, api_key_name: id, is_active: true, ...times };
  }

  const sent = clock;
  const first = await use();
  const verdict = await attribute(world, {
    candidates: keys.map(({ id }) => id).sort(),
    earlier: { sent, answered: clock, apiSecond: first.apiSecond },
    listingUses: false,
    deadline: begin + budget * 1_000,
  });
  return {
    found: verdict.verdict === 'open' ? undefined : verdict.api_key_id,
    seconds: (clock - begin) / 1_000,
  };
}

/** The moments of use, from before the search to after it. */
function moments(traffic: Traffic, begin: number, random: () => number): number[] {
  const from = begin - 70_000;
  const to = begin + LENGTH_SECONDS * 1_000;
  const drawn: number[] = [];
  if (traffic.kind === 'random') {
    for (let at = from; at < to; at += (-Math.log(1 - random()) / traffic.perSecond) * 1_000) drawn.push(at);
  } else if (traffic.kind === 'periodic') {
    const every = traffic.everySeconds * 1_000;
    for (let at = from + random() * every; at < to; at += every) drawn.push(at);
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
