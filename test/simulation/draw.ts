import { generator, type Traffic, type WorldOptions } from './worlds.ts';

/** A world that keeps to the model: one lag for all keys, each use shows sooner or later, or never. */
export function drawWorld(seed: number): WorldOptions {
  const { between, pick, random } = dice(seed);
  const skew = pick([0, 0, -180, 35.4, 3_600, between(-300, 300)]);
  return {
    seed,
    leaked: drawTraffic(random),
    siblings: Array.from({ length: pick([1, 1, 2, 3, 4, 7, 19]) }, () => drawTraffic(random)),
    lag: pick([0, 0, 0.3, 1, 2, 5, 15, 30, 45, 60, Number.POSITIVE_INFINITY]),
    lagJitter: pick([0, 0, 0.2, 0.5]),
    skew,
    dateSkew: pick([skew, skew, skew + 1, skew - 1, skew + between(-5, 5), 0]),
    latency: between(5, 600),
    pages: pick([1, 1, 1, 2]),
  };
}

/** A world that is odd in one way. */
export function drawOddWorld(seed: number, oddities = ODDITIES): WorldOptions & { oddity: Oddity } {
  const { between, pick, random } = dice(seed);
  const world = drawWorld(seed);
  const oddity = pick(oddities);
  const keys = world.siblings.length + 1;
  const own = (longest: number) => Array.from({ length: keys }, () => random() * longest);
  switch (oddity) {
    case 'cron siblings':
      return {
        ...world,
        oddity,
        siblings: world.siblings.map(() => ({
          kind: 'periodic',
          everySeconds: between(1, 5),
          jitter: pick([0, 0, 0.5]),
        })),
      };
    case 'bursts':
      return {
        ...world,
        oddity,
        siblings: world.siblings.map(() => ({
          kind: 'periodic',
          everySeconds: between(10, 60),
          burst: Math.round(between(2, 8)),
          jitter: pick([0, 0.5, 1]),
        })),
      };
    case 'throttled':
      return { ...world, oddity, throttle: pick([1, 2, 3, 5, 10, 60, 300]) };
    case 'flushed':
      return { ...world, oddity, flush: pick([1, 2, 5, 10, 30]) };
    case 'stamped late':
      return { ...world, oddity, flush: pick([0, 1, 2, 5, 10]), stampedLate: true };
    case 'coarse':
      return { ...world, oddity, granularity: pick([2, 5, 10, 60]) };
    case 'a lag for each key':
      return { ...world, oddity, ownLags: own(pick([1, 3, 10, 30])) };
    case 'jittered lag':
      return { ...world, oddity, lagJitter: pick([1, 3, 10, 30]) };
    case 'one key is stuck':
      return { ...world, oddity, ownLags: [pick([20, 60, Number.POSITIVE_INFINITY])] };
    default:
      return oddity satisfies never;
  }
}

/** Odd, yet all keys are treated alike: a wrong key must not be named here either. */
export const FAIR_ODDITIES: readonly Oddity[] = ['cron siblings', 'bursts', 'throttled', 'flushed', 'coarse'];

/** All keys are not treated alike, or values are not times of use: here the listing can not be trusted. */
export const UNFAIR_ODDITIES: readonly Oddity[] = [
  'stamped late',
  'a lag for each key',
  'jittered lag',
  'one key is stuck',
];

const ODDITIES: readonly Oddity[] = [...FAIR_ODDITIES, ...UNFAIR_ODDITIES];

export type Oddity =
  | 'cron siblings'
  | 'bursts'
  | 'throttled'
  | 'flushed'
  | 'coarse'
  | 'stamped late'
  | 'a lag for each key'
  | 'jittered lag'
  | 'one key is stuck';

function drawTraffic(random: () => number): Traffic {
  const kind = random();
  if (kind < 0.35) return { kind: 'idle' };
  return kind < 0.7
    ? { kind: 'random', perSecond: 10 ** (random() * 3 - 2) }
    : { kind: 'periodic', everySeconds: 10 ** (random() * 2.8 - 1) };
}

function dice(seed: number) {
  const random = generator(seed ^ 0x9e3779b9);
  return {
    random,
    between: (from: number, to: number) => from + random() * (to - from),
    pick: <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!,
  };
}
