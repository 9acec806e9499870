import type { Chance } from './chance.ts';

/** The moments of a sweep at which something else happens, too. */
export const MOMENTS = ['started', 'planned', 'queued'] as const;
export type Moment = (typeof MOMENTS)[number];

/** The sweep of keys that a world plays. Times are milliseconds. */
export interface SweepPlan {
  /** When the schedule is due, since the world began. */
  readonly at: number;
  /** The schedule delivers the same event once more, so much later. */
  readonly deliversAgainAfter: number | undefined;
  /** The schedule is due once more, so much later. */
  readonly isDueAgainAfter: number | undefined;
  readonly mode: 'report' | 'enforce';
  readonly maxAgeDays: number | undefined;
  readonly maxIdleDays: number | undefined;
  readonly maxRevocations: number;
  readonly maxRatio: number;
  readonly serviceUsers: number;
  /** Each answer of Devin to the sweep takes so much longer, and an invocation may take less, so that it ends before its work. */
  readonly slow: { readonly byMs: number; readonly timeoutMs: number } | undefined;
  /** How many service users and keys are exempt. */
  readonly exemptions: number;
  /** One exemption is mistyped. */
  readonly hasMistypedExemption: boolean;
  /** The probability that somebody uses, rotates or revokes a key, or renews or removes a service user, at a moment. */
  readonly changeRate: number;
  /** A person stops all sweeps so long after a moment, and lets them run again. */
  readonly stop:
    | { readonly moment: Moment; readonly after: number; readonly lasts: number; readonly again: boolean }
    | undefined;
  /** A person has a plan carried out that is over a limit or was made in report mode. */
  readonly isReleased: boolean;
}

const MINUTE = 60_000;

export function drawSweep(chance: Chance): SweepPlan {
  const maybe = <T>(probability: number, make: () => T): T | undefined =>
    chance.happens(probability) ? make() : undefined;
  return {
    at: chance.whole(0, 30_000),
    deliversAgainAfter: maybe(0.25, () => chance.pick([0, chance.whole(0, 5_000), chance.whole(0, 120_000)])),
    isDueAgainAfter: maybe(0.2, () => chance.whole(20, 90) * MINUTE),
    mode: chance.pick(['enforce', 'enforce', 'enforce', 'enforce', 'enforce', 'report']),
    maxAgeDays: chance.pick([undefined, undefined, 365]),
    maxIdleDays: chance.pick([undefined, 90, 90]),
    maxRevocations: chance.pick([25, 25, 25, 25, 8, 3]),
    maxRatio: chance.pick([1, 1, 1, 1, 0.5]),
    serviceUsers: chance.whole(3, 12),
    slow: maybe(0.15, () => ({ byMs: chance.whole(2_000, 6_000), timeoutMs: 2 * MINUTE })),
    exemptions: chance.pick([0, 1, 2, 3]),
    hasMistypedExemption: chance.happens(0.08),
    changeRate: chance.pick([0, 0.3, 0.6]),
    stop: maybe(0.2, () => ({
      moment: chance.pick(MOMENTS),
      after: chance.pick([0, chance.whole(0, 500), chance.whole(0, 20_000)]),
      lasts: chance.whole(1, 30) * MINUTE,
      again: chance.happens(0.2),
    })),
    isReleased: chance.happens(0.4),
  };
}
