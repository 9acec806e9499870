import type { Devin } from '../../clients/devin.ts';
import type { Key } from '../../domain/key.ts';
import type { OutcomeDraft } from '../../domain/outcome.ts';
import type { LeakReport } from '../../domain/report.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { KillSwitch } from './kill-switch.ts';

export interface RecheckParts {
  /** The service users whose keys we ourselves use; `undefined` unless all of them are known. */
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  readonly stop: KillSwitch;
  /** After this the key may no longer be due, epoch milliseconds. */
  readonly actBefore: number | undefined;
  /** What the key's listing has to show still. */
  readonly dueWhile: LeakReport['due_while'];
  readonly listKeys: Devin['listKeys'];
  readonly retry: RetryOptions;
}

/**
 * What the worker checks before it revokes a key for a sweep: was it found due today, is the kill switch set, is the key
 * one that we ourselves use, and was it used or its service user renewed since? Without an answer nothing is revoked, and
 * the report is tried again.
 *
 * @returns how the report ends instead of a revocation; `undefined` lets the revocation proceed
 */
export async function recheckBeforeDelete(
  key: Key,
  { actBefore, dueWhile, listKeys, ownServiceUsers, retry, stop }: RecheckParts,
): Promise<OutcomeDraft | undefined> {
  if (actBefore !== undefined && Date.now() > actBefore) {
    return {
      status: 'escalated',
      ...key,
      reason: 'the revocation waited for over a day, so the key may no longer be due',
      next_step: 'none: the next sweep evaluates this key again',
    };
  }
  const [found, own, notDue] = await Promise.all([
    stop.read(retry),
    ownServiceUsers(),
    dueWhile && unlessDue(key, dueWhile, listKeys, retry),
  ]);
  if (found.state === 'unknown') {
    return { status: 'failed', ...key, reason: found.reason, retryable: true };
  }
  if (found.state === 'stopped') {
    return {
      status: 'escalated',
      ...key,
      reason: 'sweeps were stopped before this key was revoked',
      next_step: 'invoke sweep-keys with {"resume": reason}; the next sweep evaluates this key again',
    };
  }
  if (own === undefined) {
    const reason = 'it is not known which key is the one that we ourselves use';
    return { status: 'failed', ...key, reason, retryable: true };
  }
  if (!own.includes(key.service_user_id)) return notDue;
  return {
    status: 'escalated',
    ...key,
    reason: 'the key is our own, or of a service user of our own keys, which no sweep revokes',
    next_step: 'rotate it by hand, if it is to be rotated',
  };
}

/** A key that is revoked or gone by now gets its outcome like any other. */
async function unlessDue(
  key: Key,
  dueWhile: NonNullable<RecheckParts['dueWhile']>,
  listKeys: RecheckParts['listKeys'],
  retry: RetryOptions,
): Promise<OutcomeDraft | undefined> {
  const listing = await listKeys(key.service_user_id, retry);
  if (!listing.ok) {
    if (listing.status === 404) return undefined;
    const reason = `it is not known whether the key is still due: ${listing.reason}`;
    return { status: 'failed', ...key, reason, retryable: listing.retryable };
  }
  const entry = listing.keys.find(({ api_key_id }) => api_key_id === key.api_key_id);
  if (entry === undefined || typeof entry.revoked_at === 'number') return undefined;
  const isUsed =
    dueWhile.last_used_at !== undefined && (entry.last_used_at ?? null) !== dueWhile.last_used_at;
  const isRenewed = dueWhile.is_active === false && entry.is_active;
  if (!isUsed && !isRenewed) return undefined;
  return {
    status: 'escalated',
    ...key,
    reason: `the key has changed since it was found due: ${isUsed ? 'it was used' : 'it works again'}`,
    next_step: 'none: the next sweep evaluates this key again',
  };
}
