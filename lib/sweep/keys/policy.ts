import type { ApiKey } from '../../clients/devin-shapes.ts';

/** What the operator has set; a rule that is not set is off. */
export interface Policy {
  /** A key older than this many days is revoked. */
  readonly maxAgeDays?: number | undefined;
  /** A key that was not used for longer than this many days is revoked; one never used counts from its creation. */
  readonly maxIdleDays?: number | undefined;
  /** Days before the expiry at which a warning is due. */
  readonly warnDays: readonly number[];
  /** Ids and names of service users and of keys that no sweep revokes. */
  readonly exempt: readonly string[];
}

/** The service user that owns a key. */
export interface KeyOwner {
  readonly service_user_id: string;
  readonly name: string;
  /** UNIX seconds. */
  readonly expires_at?: number | null | undefined;
}

export type RevokeRule = 'expired' | 'owner_expired' | 'owner_removed' | 'max_age' | 'max_idle';

/** What to do with a key, and the rule that decided. `since` and `due` are UNIX seconds. */
export type Decision =
  | { readonly decision: 'keep'; readonly rule: 'revoked' | 'valid' }
  | {
      readonly decision: 'keep';
      /** What the API says of it cannot all be true, so nothing is revoked for it. */
      readonly rule: 'contradiction';
      readonly doubt: string;
    }
  | {
      readonly decision: 'keep';
      readonly rule: 'own_key' | 'exempt';
      /** The rule by which it would otherwise be revoked. */
      readonly spared_from: RevokeRule;
    }
  | {
      readonly decision: 'warn';
      readonly rule: 'expires_soon';
      readonly due: number;
      readonly threshold_days: number;
    }
  | { readonly decision: 'warn'; readonly rule: 'no_expiry' }
  | { readonly decision: 'revoke'; readonly rule: RevokeRule; readonly since: number };

const DAY = 86_400;

/**
 * Decides what a sweep does with one key. Days are 86,400 UTC seconds. A key expires at exactly its `expires_at`;
 * it is too old or idle only beyond the limit. An exemption prevents a revocation, not a warning.
 *
 * @param own ids of the service users whose keys this software itself uses
 * @param now UNIX seconds
 */
export function applyPolicy(
  key: ApiKey,
  owner: KeyOwner,
  policy: Policy,
  own: readonly string[],
  now: number,
): Decision {
  const doubt = doubtOf(key, owner, now);
  if (doubt !== undefined) return { decision: 'keep', rule: 'contradiction', doubt };
  if (isSet(key.revoked_at)) return { decision: 'keep', rule: 'revoked' };
  const due = revocation(key, owner, policy, now);
  if (due === undefined) return warning(key, policy, now);
  const [rule, since] = due;
  if (own.includes(owner.service_user_id)) return { decision: 'keep', rule: 'own_key', spared_from: rule };
  return namesOf(key, owner).some((name) => policy.exempt.includes(name))
    ? { decision: 'keep', rule: 'exempt', spared_from: rule }
    : { decision: 'revoke', rule, since };
}

/** What an exemption may name it by: the ids and the names of the key and of its service user. */
export function namesOf(key: ApiKey, owner: KeyOwner): string[] {
  return [...ownerNames(owner), key.api_key_id, key.api_key_name.trim()];
}

/** The names without blanks around them, which no entry of a list has. */
export function ownerNames({ name, service_user_id }: KeyOwner): string[] {
  return [service_user_id, name.trim()];
}

/** Why the facts about a key contradict each other, if they do. One that no longer works takes no harm. */
function doubtOf(
  { created_at, expires_at, is_active, revoked_at }: ApiKey,
  owner: KeyOwner,
  now: number,
): string | undefined {
  if (!is_active) return undefined;
  if (isSet(revoked_at)) return 'it is revoked, and active';
  if (isSet(expires_at) && expires_at <= now) return 'it is expired, and active';
  if (isSet(owner.expires_at) && owner.expires_at <= now)
    return 'its service user is expired, and it is active';
  const isPossible = created_at > 0 && created_at <= now + DAY;
  return isPossible ? undefined : 'it was created at an impossible time';
}

function revocation(
  { created_at, expires_at, is_active, last_used_at }: ApiKey,
  owner: KeyOwner,
  { maxAgeDays, maxIdleDays }: Policy,
  now: number,
): [RevokeRule, number] | undefined {
  if (isSet(expires_at) && expires_at <= now) return ['expired', expires_at];
  if (isSet(owner.expires_at) && owner.expires_at <= now) return ['owner_expired', owner.expires_at];
  // Only this shows that the owner was removed: a key that is inactive, though neither revoked nor expired.
  if (!is_active) return ['owner_removed', now];
  if (maxAgeDays !== undefined && now - created_at > maxAgeDays * DAY) {
    return ['max_age', created_at + maxAgeDays * DAY];
  }
  const used = isSet(last_used_at) ? Math.max(last_used_at, created_at) : created_at;
  if (maxIdleDays !== undefined && now - used > maxIdleDays * DAY) {
    return ['max_idle', used + maxIdleDays * DAY];
  }
  return undefined;
}

function warning({ expires_at }: ApiKey, { warnDays }: Policy, now: number): Decision {
  if (!isSet(expires_at)) return { decision: 'warn', rule: 'no_expiry' };
  const reached = warnDays.filter((days) => expires_at - now <= days * DAY);
  return reached.length === 0
    ? { decision: 'keep', rule: 'valid' }
    : { decision: 'warn', rule: 'expires_soon', due: expires_at, threshold_days: Math.min(...reached) };
}

function isSet(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}
