import * as z from 'zod/mini';

const count = z.int().check(z.minimum(0));

/** The figures of a plan so far. */
export const Totals = z.object({
  users: count,
  keys: count,
  active: count,
  revoke: count,
  warn: count,
  /** Keys by the rule that decided. */
  rules: z.record(z.string(), count),
});
export type Totals = z.infer<typeof Totals>;

export const NOTHING: Totals = { users: 0, keys: 0, active: 0, revoke: 0, warn: 0, rules: {} };

/** Why a plan may not be carried out. */
export const Block = z.object({
  guard: z.enum(['cap', 'ratio', 'surge', 'listing', 'clock', 'own_key', 'previous', 'exempt']),
  reason: z.string(),
});
export type Block = z.infer<typeof Block>;

export interface Caps {
  /** At most this many revocations in one sweep. */
  readonly maxRevocations: number;
  /** At most this share of the active keys, 0 to 1. */
  readonly maxRatio: number;
}

/** How the plan was made; what is not known blocks. */
export interface PlanConditions {
  /** Why the listing is not complete, if it is not. */
  readonly broken?: string | undefined;
  /** The largest difference of our clock from the API's, seconds; `undefined` when it is not known. */
  readonly skewSeconds: number | undefined;
  /** Whether it is known which service user's key this software itself uses. */
  readonly ownKnown: boolean;
  /** The revocations of the previous complete plan, if there is one. */
  readonly previous: { readonly revoke: number } | 'none' | 'unreadable';
  /** Service users whose keys are not found (HTTP 404). */
  readonly unlisted: number;
  /** Exemptions that match no service user and no key: mistyped, or of what is gone. */
  readonly exemptUnused: readonly string[];
}

/** Seconds that the clock may be off the API's `Date` header. */
export const MAX_SKEW_SECONDS = 300;
const SURGE_FACTOR = 3;
const SURGE_FLOOR = 5;

/**
 * The guard rails of a whole plan. They fail closed: each comparison asks whether the plan is within the limit, and
 * whatever is not known is not. A plan that revokes nothing needs none of the limits.
 */
export function findBlocks(totals: Totals, caps: Caps, conditions: PlanConditions): Block[] {
  return [...doubts(totals, conditions), ...(totals.revoke === 0 ? [] : excesses(totals, caps, conditions))];
}

/** Of fewer service users, most may well be removed ones. */
const UNLISTED_FLOOR = 20;

function doubts(
  { keys, users }: Totals,
  { broken, ownKnown, previous, skewSeconds, unlisted }: PlanConditions,
): Block[] {
  const blocks: Block[] = [];
  if (broken !== undefined) blocks.push({ guard: 'listing', reason: `the listing broke off: ${broken}` });
  else if (keys === 0) blocks.push({ guard: 'listing', reason: 'no key is listed, although we use one' });
  if (unlisted > UNLISTED_FLOOR && !(unlisted <= users / 2)) {
    const share = `${unlisted} of ${users} service users`;
    blocks.push({ guard: 'listing', reason: `the keys of ${share} are not found (HTTP 404)` });
  }
  if (skewSeconds === undefined) {
    blocks.push({ guard: 'clock', reason: "the API's Date header does not show whether our clock is right" });
  } else if (!(skewSeconds <= MAX_SKEW_SECONDS)) {
    const off = `our clock is ${skewSeconds} s off the API's Date header`;
    blocks.push({ guard: 'clock', reason: `${off}, over ${MAX_SKEW_SECONDS} s` });
  }
  if (!ownKnown) {
    blocks.push({ guard: 'own_key', reason: 'it is not known which key is the one that we ourselves use' });
  }
  if (previous === 'unreadable') {
    blocks.push({ guard: 'previous', reason: 'the previous plan cannot be read' });
  }
  return blocks;
}

function excesses(
  { active, revoke }: Totals,
  caps: Caps,
  { exemptUnused, previous }: PlanConditions,
): Block[] {
  const blocks: Block[] = [];
  if (exemptUnused.length > 0) {
    const names = exemptUnused.join(', ');
    blocks.push({
      guard: 'exempt',
      reason: `SWEEP_EXEMPT matches no service user and no key with: ${names}`,
    });
  }
  if (!(revoke <= caps.maxRevocations)) {
    blocks.push({ guard: 'cap', reason: `${revoke} revocations, over the cap of ${caps.maxRevocations}` });
  }
  if (!(active > 0 && revoke / active <= caps.maxRatio)) {
    const limit = `${caps.maxRatio * 100} % of the ${active} active keys`;
    blocks.push({ guard: 'ratio', reason: `${revoke} revocations, over ${limit}` });
  }
  if (typeof previous === 'object' && revoke > SURGE_FLOOR && !(revoke <= SURGE_FACTOR * previous.revoke)) {
    const times = `over ${SURGE_FACTOR} times the ${previous.revoke} of the previous plan`;
    blocks.push({ guard: 'surge', reason: `${revoke} revocations, ${times}` });
  }
  return blocks;
}

const RELEASABLE: readonly Block['guard'][] = ['cap', 'ratio', 'surge', 'exempt'];

/** Whether a person may release the plan: the number of its revocations blocks it, or an exemption that matches nothing. */
export function isReleasable(blocks: readonly Block[]): boolean {
  return blocks.every(({ guard }) => RELEASABLE.includes(guard));
}
