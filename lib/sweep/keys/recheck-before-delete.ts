import type { Key } from '../../domain/key.ts';
import type { OutcomeDraft } from '../../domain/outcome.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { KillSwitch } from './kill-switch.ts';

export interface RecheckParts {
  /** The service users whose keys we ourselves use; `undefined` unless all of them are known. */
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  readonly stop: KillSwitch;
  /** After this the key may no longer be due, epoch milliseconds. */
  readonly actBefore: number | undefined;
  readonly retry: RetryOptions;
}

/**
 * What the worker checks before it revokes a key for a sweep: was it found due today, is the kill switch set, and is the
 * key one that we ourselves use? Without an answer nothing is revoked, and the report is tried again.
 *
 * @returns how the report ends instead of a revocation; `undefined` lets the revocation proceed
 */
export async function recheckBeforeDelete(
  key: Key,
  { actBefore, ownServiceUsers, retry, stop }: RecheckParts,
): Promise<OutcomeDraft | undefined> {
  if (actBefore !== undefined && Date.now() > actBefore) {
    return {
      status: 'escalated',
      ...key,
      reason: 'the revocation waited for over a day, so the key may no longer be due',
      next_step: 'none: the next sweep evaluates this key again',
    };
  }
  const [found, own] = await Promise.all([stop.read(retry), ownServiceUsers()]);
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
  if (!own.includes(key.service_user_id)) return undefined;
  return {
    status: 'escalated',
    ...key,
    reason: 'the key is our own, or of a service user of our own keys, which no sweep revokes',
    next_step: 'rotate it by hand, if it is to be rotated',
  };
}
