import type { Devin } from '../../clients/devin.ts';
import type { ApiKey, Refusal } from '../../clients/devin-shapes.ts';
import { ApiKeyId, ServiceUserId } from '../../domain/key.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { Totals } from './guardrails.ts';
import { plainName } from './plain-name.ts';
import type { Entry, Start } from './plan.ts';
import { applyPolicy, type Decision, type KeyOwner, namesOf, ownerNames } from './policy.ts';

/** What the plan has of the keys of one service user; the keys themselves are not held. */
export type EvaluatedUser =
  | {
      readonly ok: true;
      readonly totals: Omit<Totals, 'users'>;
      readonly entries: readonly Entry[];
      /** The ids of keys that never expire, when these are to be no entries. */
      readonly noExpiry: readonly string[];
      /** Its keys are not found (HTTP 404). */
      readonly isUnlisted: boolean;
    }
  | Refusal;

export interface UserOptions extends RetryOptions {
  /** Exemptions that match nothing so far; what matches here is taken out. */
  readonly unused: Set<string>;
  /** Keys that never expire may be all keys of an enterprise: keep their ids alone. */
  readonly isCompact: boolean;
}

/** Lists the keys of a service user and evaluates each. */
export async function evaluateUser(
  devin: Pick<Devin, 'listKeys'>,
  start: Start,
  owner: KeyOwner,
  { isCompact, unused, ...retry }: UserOptions,
): Promise<EvaluatedUser> {
  if (!ServiceUserId.safeParse(owner.service_user_id).success) {
    return { ok: false, reason: 'a service user has an id that is not one', retryable: false };
  }
  for (const name of ownerNames(owner)) unused.delete(name);
  const listing = await devin.listKeys(owner.service_user_id, retry);
  if (!listing.ok) {
    // Removed service users are listed, yet no longer have a key listing. Ours is not removed.
    const isGone = listing.status === 404 && !start.own.includes(owner.service_user_id);
    return isGone ? { ok: true, totals: NO_KEYS, entries: [], noExpiry: [], isUnlisted: true } : listing;
  }
  if (!listing.keys.every(({ api_key_id }) => ApiKeyId.safeParse(api_key_id).success)) {
    return { ok: false, reason: 'a key has an id that is not one', retryable: false };
  }
  return { ok: true, isUnlisted: false, ...evaluateKeys(start, owner, listing.keys, { isCompact, unused }) };
}

const NO_KEYS: Omit<Totals, 'users'> = { keys: 0, active: 0, revoke: 0, warn: 0, rules: {} };

/** Evaluates one key as of a moment, epoch milliseconds, by the policy of a plan or of today. */
export function evaluateKey(
  { own, policy, started_at }: Pick<Start, 'own' | 'policy' | 'started_at'>,
  owner: KeyOwner,
  key: ApiKey,
): Decision {
  return applyPolicy(key, owner, policy, own, Math.floor(started_at / 1_000));
}

function evaluateKeys(
  start: Start,
  owner: KeyOwner,
  keys: readonly ApiKey[],
  { isCompact, unused }: Pick<UserOptions, 'isCompact' | 'unused'>,
) {
  const totals: Omit<Totals, 'users'> = { ...NO_KEYS, rules: {} };
  const entries: Entry[] = [];
  const noExpiry: string[] = [];
  for (const key of keys) {
    for (const name of namesOf(key, owner)) unused.delete(name);
    const decision = evaluateKey(start, owner, key);
    totals.keys += 1;
    totals.active += key.is_active ? 1 : 0;
    if (decision.decision !== 'keep') totals[decision.decision] += 1;
    totals.rules[decision.rule] = (totals.rules[decision.rule] ?? 0) + 1;
    const isSettled = decision.rule === 'revoked' || decision.rule === 'valid';
    if (isCompact && decision.rule === 'no_expiry') noExpiry.push(key.api_key_id);
    else if (!isSettled) entries.push(toEntry(key, owner, decision));
  }
  return { totals, entries, noExpiry };
}

function toEntry(key: ApiKey, owner: KeyOwner, decision: Decision): Entry {
  const isSpared = decision.rule === 'own_key' || decision.rule === 'exempt';
  return {
    service_user_id: owner.service_user_id,
    service_user_name: plainName(owner.name),
    api_key_id: key.api_key_id,
    api_key_name: plainName(key.api_key_name),
    created_at: key.created_at,
    expires_at: key.expires_at ?? null,
    last_used_at: key.last_used_at ?? null,
    decision: decision.decision,
    rule: decision.rule,
    ...(isSpared && { spared_from: decision.spared_from }),
    ...(decision.rule === 'contradiction' && { doubt: decision.doubt }),
    ...(decision.rule === 'expires_soon' && { threshold_days: decision.threshold_days }),
  };
}
