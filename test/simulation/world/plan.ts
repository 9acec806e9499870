import { Chance } from './chance.ts';
import type { Service } from './faults.ts';
import { drawSweep, type SweepPlan } from './sweep-plan.ts';

/** Ways in which a key is reported. */
export const LEAK_KINDS = {
  'an alert': 12,
  'an alert of a key among others': 5,
  'an alert of a dead key': 2,
  'an alert of an expired key': 1,
  'an alert of a token that nobody knows': 2,
  'an alert of a personal token': 1,
  'an alert of two tokens': 2,
  'an alert that is resolved': 1,
  'an alert that somebody closes meanwhile': 1,
  'two alerts of one token': 2,
  'a key that somebody else revokes meanwhile': 2,
  'a token, by a person': 1.5,
  'a key by its ids, by a person': 2,
  'a key by its ids, by an event': 2,
  'wrong ids, by a person': 1,
  'a dry run by a person': 1,
  'a dry run by an event': 1,
  'our own admin token': 0.7,
  'a message that is no report': 0.7,
} as const;
export type LeakKind = keyof typeof LEAK_KINDS;

/** How many leaks a world has. Most faults need no company, and a world costs as much as it has leaks. */
const LEAKS = { 1: 14, 2: 4, 3: 1, 5: 1 };

/** What a seed plays. Times are milliseconds since the world began. */
export interface Plan {
  readonly leaks: readonly { readonly kind: LeakKind; readonly at: number }[];
  /** Faults end here. */
  readonly faultsEnd: number;
  readonly rates: Readonly<Record<Service, number>>;
  /** The probability that a listing of keys, or of service users, lacks its end. */
  readonly listingFaultRate: number;
  /** A service that fails most of the time, for a while. */
  readonly outage: { readonly service: Service; readonly from: number; readonly to: number } | undefined;
  /** The probability that a container dies at a request. */
  readonly crashRate: number;
  /** Of a message at a receive. */
  readonly duplicateRate: number;
  readonly expiryRate: number;
  readonly ackLossRate: number;
  /** Of a webhook's delivery. */
  readonly deliveryLossRate: number;
  readonly adminRotation: { readonly at: number; readonly graceMs: number } | undefined;
  readonly webhookRotation: number | undefined;
  /** Devin answers 401 to everybody. */
  readonly lockout: { readonly from: number; readonly to: number } | undefined;
  readonly clockJump: { readonly at: number; readonly ms: number } | undefined;
  /** When the world begins, after midnight UTC: some begin a minute before the day ends. */
  readonly beginsAtMs: number;
  readonly revocationLagMs: number;
  readonly lastUsedLagMs: number;
  readonly nodes: number;
  readonly nodeCacheMs: number;
  readonly clockSkewSeconds: number;
  readonly pageSize: number;
  readonly hasStandby: boolean;
  readonly delegatedDismissal: boolean;
  readonly ambiguousKey: 'escalate' | 'revoke_all';
  readonly dryRun: boolean;
  /** The sweep of keys, in some worlds. */
  readonly sweep: SweepPlan | undefined;
}

const MINUTE = 60_000;

export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const maybe = <T>(probability: number, make: () => T): T | undefined =>
    chance.happens(probability) ? make() : undefined;
  const isNearMidnight = chance.happens(0.15);
  // The day is signed half an hour after its end.
  const usualEnd = chance.pick(isNearMidnight ? [2, 40] : [0.5, 0.5, 0.5, 2, 2, 5, 5, 20, 60]) * MINUTE;
  // Only what fails for hours becomes a dead letter.
  const isLong = chance.happens(0.007);
  const faultsEnd = isLong ? 180 * MINUTE : usualEnd;
  const rate = () => chance.pick([0, 0, 0.02, 0.1, 0.3]);
  const isCalm = chance.happens(0.1);
  const within = () => chance.whole(0, Math.min(faultsEnd, 2 * MINUTE));
  const calm = <T>(value: T, otherwise: T): T => (isCalm ? otherwise : value);
  const plan: Omit<Plan, 'sweep'> = {
    leaks: Array.from({ length: Number(chance.weighted(LEAKS)) }, () => ({
      kind: chance.weighted(LEAK_KINDS),
      at: chance.whole(0, 20_000),
    })),
    faultsEnd: calm(faultsEnd, 0),
    rates: {
      devin: rate(),
      github: rate(),
      s3: rate(),
      secrets: rate(),
      sqs: rate(),
      sns: rate(),
      // Only the digest asks for it, once a day.
      kms: chance.pick([0.02, 0.1, 0.3]),
    },
    listingFaultRate: chance.pick([0, 0, 0.5]),
    outage: maybe(isLong ? 1 : 0.15, () => ({
      service: isLong ? 'devin' : chance.pick(['devin', 'github', 's3', 'secrets', 'sqs'] as const),
      from: within(),
      to: faultsEnd,
    })),
    crashRate: calm(chance.pick([0, 0, 0.005, 0.03]), 0),
    duplicateRate: calm(chance.pick([0, 0.1, 0.4]), 0),
    expiryRate: calm(chance.pick([0, 0, 0.3]), 0),
    ackLossRate: calm(chance.pick([0, 0, 0.3]), 0),
    deliveryLossRate: chance.pick([0, 0, 0.3]),
    adminRotation: maybe(0.12, () => ({ at: within(), graceMs: chance.pick([0, 500, 60_000]) })),
    webhookRotation: maybe(0.08, within),
    lockout: maybe(0.05, () => {
      const from = within();
      return { from, to: from + chance.whole(1_000, 120_000) };
    }),
    clockJump: maybe(0.08, () => ({ at: within(), ms: -60 * MINUTE })),
    beginsAtMs: isNearMidnight ? 24 * 60 * MINUTE - chance.whole(0, 60_000) : 9 * 60 * MINUTE,
    revocationLagMs: chance.pick([0, 0, 0, 300, 3_000, 15_000, 60_000]),
    lastUsedLagMs: chance.pick([0, 1_000, 30_000]),
    nodes: chance.pick([1, 1, 3]),
    nodeCacheMs: chance.pick([0, 0, 5_000]),
    clockSkewSeconds: chance.pick([0, 0, 0, 1, -2, 30]),
    pageSize: chance.pick([100, 100, 2, 1]),
    hasStandby: chance.happens(0.3),
    delegatedDismissal: chance.happens(0.05),
    ambiguousKey: chance.pick(['escalate', 'escalate', 'revoke_all']),
    dryRun: chance.happens(0.03),
  };
  // The last draw, and few leaks beside it: other worlds stay as they were, and these cost no more.
  const sweep = maybe(0.15, () => drawSweep(chance));
  return {
    ...plan,
    sweep,
    leaks: sweep === undefined ? plan.leaks : plan.leaks.slice(0, chance.whole(0, 1)),
  };
}
