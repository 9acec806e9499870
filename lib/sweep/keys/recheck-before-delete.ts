import type { Devin } from '../../clients/devin.ts';
import type { Key } from '../../domain/key.ts';
import type { OutcomeDraft } from '../../domain/outcome.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { StopSwitch } from './kill-switch.ts';

/**
 * What the worker asks before it revokes a key for a sweep: is the stop switch turned, and is the key one that we
 * ourselves use? What can not be told holds the revocation back, and the report is tried again.
 *
 * @returns how the report ends instead of a revocation; `undefined` lets it go on
 */
export async function holdSweep(
  key: Key,
  { devin, retry, stop }: { devin: Pick<Devin, 'probeAdmin'>; stop: StopSwitch; retry: RetryOptions },
): Promise<OutcomeDraft | undefined> {
  const [found, probe] = await Promise.all([stop.read(retry), devin.probeAdmin(retry)]);
  if (found.state === 'unknown') {
    return { status: 'failed', ...key, reason: found.reason, retryable: true };
  }
  if (found.state === 'stopped') {
    return {
      status: 'escalated',
      ...key,
      reason: 'sweeps were stopped before this key was revoked',
      next_step: 'invoke sweep-keys with {"resume": reason}; the next sweep plans anew for this key',
    };
  }
  const own = probe.state === 'alive' ? probe.principal.service_user_id : undefined;
  if (own === undefined) {
    const reason = 'it is not known which key is the one that we ourselves use';
    return { status: 'failed', ...key, reason, retryable: true };
  }
  if (own !== key.service_user_id) return undefined;
  return {
    status: 'escalated',
    ...key,
    reason: 'the key is our own, or of the service user of our own key, which no sweep revokes',
    next_step: 'rotate it by hand, if it is to be rotated',
  };
}
