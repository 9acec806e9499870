import type { ExperimentLog } from '../../lib/identify/experiment/experiment.ts';
import { type ExperimentResult, runExperiment } from '../../lib/identify/experiment/run-experiment.ts';
import type { Listing, World } from '../../lib/identify/experiment/world.ts';
import { generator } from './generator.ts';
import { type Recording, SimulatedKey, type Traffic } from './simulated-key.ts';

export type SimulatedWorld = {
  seed: number;
  /** traffic on the leaked key by others, and on each of its siblings */
  leaked: Traffic;
  siblings: Traffic[];
  recording?: Recording;
  /** how the leaked key is recorded, where that differs */
  leakedRecording?: Recording;
  /** how each sibling is recorded, where that differs */
  siblingRecordings?: (Recording | undefined)[];
  /** seconds, the clock of the `Date` header against ours; `null`: there is no such header */
  dateSkew?: number | null;
  /** milliseconds that a call takes, half of it to three halves; default 60 */
  latency?: number;
  /** the share of calls that take ten times as long */
  slowShare?: number;
  /** milliseconds that a use takes on top of it, before it takes effect */
  slowUses?: number;
  /** uses of ours are not recorded at all */
  isUncounted?: boolean;
  /** the looks are made with the first sibling */
  isAdminAmong?: boolean;
  /** a use of the leaked token by us has others use the first sibling, with this probability */
  coupled?: number;
  /** milliseconds for which a use of ours keeps others from using a sibling */
  holdsBack?: number;
  /** the share of calls that fail at random */
  failing?: number;
  /** requests that the API takes in a row, and a second: 429 beyond it, for uses and looks together */
  limit?: { burst: number; perSecond: number };
  /** seconds after which the token stops working */
  diesAfter?: number;
};

export type PlayOptions = {
  alpha?: number;
  /** seconds that a run may take */
  budget?: number;
  leastSlotMs?: number;
  goesOn?: boolean;
  resume?: ExperimentLog;
  /** seconds after which it is stopped */
  stopAfter?: number;
  /** default: fair coins by the world's seed */
  toss?: () => boolean;
  /** moves the looks by so many milliseconds after heads: a planted fault */
  lookShiftAfterHeads?: number;
};

export type PlayedExperiment = ExperimentResult & {
  seconds: number;
  /** epoch milliseconds of our clock at which calls were made */
  calls: { at: number; kind: 'use' | 'look' }[];
  tossed: boolean[];
};

/** Plays one experiment on a simulated clock: nothing waits, and the same seed gives the same world. */
export async function playExperiment(
  options: SimulatedWorld,
  { alpha = 1e-6, budget = 100, lookShiftAfterHeads = 0, stopAfter, toss, ...rest }: PlayOptions = {},
): Promise<PlayedExperiment> {
  const {
    coupled = 0,
    dateSkew = 0,
    diesAfter,
    failing = 0,
    holdsBack = 0,
    latency = 60,
    limit,
    slowShare = 0,
  } = options;
  const random = generator(options.seed);
  const coins = generator(options.seed ^ 0x2545f491);
  const begin = 1_785_400_000_000 + random() * 100_000;
  let clock = begin;
  const events: { at: number; run: () => void }[] = [];
  const leaked = new SimulatedKey(
    options.leaked,
    { ...options.recording, ...options.leakedRecording },
    begin,
    random,
  );
  const siblings = options.siblings.map(
    (traffic, index) =>
      new SimulatedKey(
        traffic,
        { ...options.recording, ...options.siblingRecordings?.[index] },
        begin,
        random,
      ),
  );
  const keys = new Map<string, SimulatedKey>(
    [
      ...siblings.map((key, index) => [`sibling-${index + 1}`, key] as const),
      ['leaked', leaked] as const,
    ].sort(() => random() - 0.5),
  );
  const calls: PlayedExperiment['calls'] = [];
  const tossed: boolean[] = [];
  let lastUse = Number.NEGATIVE_INFINITY;
  let tokens = limit?.burst ?? 0;
  let refilled = begin;
  const abort = new AbortController();

  function isLimited(): boolean {
    if (limit === undefined) return false;
    tokens = Math.min(limit.burst, tokens + ((clock - refilled) / 1_000) * limit.perSecond);
    refilled = clock;
    if (tokens < 1) return true;
    tokens -= 1;
    return false;
  }
  function schedule(at: number, run: () => void): void {
    let index = events.length;
    while (index > 0 && events[index - 1]!.at > at) index--;
    events.splice(index, 0, { at, run });
  }
  /** A call that takes effect half-way. */
  function call<T>(effect: () => T, delay = 0): Promise<T> {
    const usual = slowShare > 0 && random() < slowShare ? 10 * latency : latency;
    const arrives = clock + delay + (usual * (0.5 + random())) / 2;
    const answers = arrives + (usual * (0.5 + random())) / 2;
    return new Promise((resolve) => {
      schedule(arrives, () => {
        const answer = effect();
        schedule(answers, () => resolve(answer));
      });
    });
  }
  function effectOfUse(): 'accepted' | 'rejected' | 'limited' | 'unknown' {
    if (diesAfter !== undefined && clock > begin + diesAfter * 1_000) return 'rejected';
    if (failing > 0 && random() < failing) return 'unknown';
    if (isLimited()) return 'limited';
    if (!options.isUncounted) leaked.use(clock);
    if (coupled > 0 && random() < coupled) siblings[0]!.use(clock);
    if (holdsBack > 0) for (const key of siblings) key.heldUntil = clock + holdsBack;
    return 'accepted';
  }
  function effectOfLook(): Listing {
    if (failing > 0 && random() < failing) return { ok: false, isLimited: false };
    if (isLimited()) return { ok: false, isLimited: true };
    if (options.isAdminAmong) siblings[0]!.use(clock);
    const lastUsed = new Map<string, number | null>();
    for (const [id, key] of keys) lastUsed.set(id, key.read(clock));
    return {
      ok: true,
      lastUsed,
      ...(dateSkew !== null && { apiSecond: Math.floor(clock / 1_000 + dateSkew) }),
    };
  }
  const world: World = {
    use: () => {
      calls.push({ at: clock, kind: 'use' });
      lastUse = clock;
      return call(effectOfUse, options.slowUses);
    },
    list: () => {
      calls.push({ at: clock, kind: 'look' });
      return call(effectOfLook, clock - lastUse < 500 ? lookShiftAfterHeads : 0);
    },
    now: () => clock,
    toss: () => {
      tossed.push(toss === undefined ? coins() < 0.5 : toss());
      return tossed.at(-1) === true;
    },
    sleepUntil: async (ms) => {
      if (stopAfter !== undefined && ms >= begin + stopAfter * 1_000) abort.abort();
      for (let next = events[0]; next !== undefined && next.at <= ms; next = events[0]) {
        events.shift();
        clock = Math.max(clock, next.at);
        next.run();
        await null;
      }
      clock = Math.max(clock, ms);
    },
  };
  const result = await runExperiment(world, {
    candidates: [...keys.keys()],
    alpha,
    deadline: begin + budget * 1_000,
    signal: abort.signal,
    ...rest,
  });
  return { ...result, seconds: (clock - begin) / 1_000, calls, tossed };
}
