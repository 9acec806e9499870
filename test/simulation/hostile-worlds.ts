import { generator } from './generator.ts';
import type { SimulatedWorld } from './play-experiment.ts';
import type { Traffic } from './simulated-key.ts';

type Dice = {
  between: (from: number, to: number) => number;
  pick: <T>(choices: readonly T[]) => T;
  chance: (share: number) => boolean;
};

/** One way in which an API, or whoever uses the keys, may be hostile. */
export type HostileKind = { name: string; draw: (seed: number) => SimulatedWorld };

/**
 * Worlds where little or nothing tells the leaked key, beside siblings that are used in every way. In half of them our
 * uses are recorded nowhere, so that whatever is named is wrong.
 */
export const HOSTILE_KINDS: readonly HostileKind[] = [
  kind('uses of ours are not recorded', () => ({ isUncounted: true })),
  kind('cron siblings, on the second', ({ pick }) => ({
    siblings: Array.from({ length: pick([1, 3, 7]) }, () => ({
      kind: 'periodic',
      everySeconds: pick([1, 2, 5, 10, 60]),
    })),
  })),
  kind('random lag up to 20 s', ({ between }) => ({ recording: { lagSpread: between(0.5, 20) } })),
  kind('a random lag, and the last to show is kept', ({ between }) => ({
    recording: { lagSpread: between(0.5, 20), keepsLast: true },
  })),
  kind('a lag for each key', ({ between }) => ({
    leakedRecording: { lag: between(0, 60) },
    siblingRecordings: Array.from({ length: 20 }, () => ({ lag: between(0, 60) })),
  })),
  kind('a share of uses stored', ({ pick }) => ({ recording: { stored: pick([0.02, 0.1, 0.5]) } })),
  kind('throttled', ({ pick }) => ({ recording: { throttle: pick([2, 5, 60]) } })),
  kind('rounded to a minute', () => ({ recording: { granularity: 60 } })),
  kind('nodes with clocks of their own', ({ between }) => ({
    recording: { skews: [0, between(-2, 2), between(-2, 2)] },
  })),
  kind('the Date header off by up to 3 s', ({ between }) => ({ dateSkew: between(-3, 3) })),
  kind('our admin key among the candidates', () => ({ isAdminAmong: true })),
  kind('our uses hold siblings back', ({ between }) => ({
    isUncounted: true,
    holdsBack: between(200, 3_000),
  })),
  kind('calls fail at random', ({ between }) => ({ failing: between(0.01, 0.1) })),
  kind('a rate limit that our uses exhaust', ({ between, pick }) => ({
    limit: { burst: pick([5, 10, 30]), perSecond: between(0.5, 2.5) },
  })),
  kind('slow calls', ({ between }) => ({ latency: between(150, 1_500) })),
  kind('some calls slower than others', ({ between }) => ({ slowShare: between(0.01, 0.3) })),
];

function kind(name: string, draw: (dice: Dice) => Partial<SimulatedWorld>): HostileKind {
  return {
    name,
    draw: (seed) => {
      // Each kind has worlds of its own.
      const own =
        seed * 64 + [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 0) * 1_000_003;
      const random = generator(own ^ 0x9e3779b9);
      const dice: Dice = {
        between: (from, to) => from + random() * (to - from),
        pick: (choices) => choices[Math.floor(random() * choices.length)]!,
        chance: (share) => random() < share,
      };
      return {
        seed: own,
        leaked: drawTraffic(dice),
        siblings: Array.from({ length: dice.pick([1, 1, 2, 4, 7]) }, () => drawTraffic(dice)),
        latency: dice.between(10, 200),
        isUncounted: dice.chance(0.5),
        ...draw(dice),
      };
    },
  };
}

function drawTraffic({ between, chance, pick }: Dice): Traffic {
  if (chance(0.2)) return { kind: 'idle' };
  return chance(0.7)
    ? { kind: 'random', perSecond: 10 ** between(-2, 1.5) }
    : { kind: 'periodic', everySeconds: 10 ** between(-0.5, 1.8), jitter: pick([0, 0, 0.5]) };
}
