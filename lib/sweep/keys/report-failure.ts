import { BadEventError } from '../../intake/request.ts';
import { ConfigError } from '../../platform/config.ts';
import { errorFields, log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';

/**
 * A sweep that could not run raises the same alarm as one that was blocked, in particular when its policy does not
 * parse. A mistake in a person's order is only answered.
 */
export function reportFailure(error: unknown): void {
  const isBadEvent = error instanceof BadEventError;
  if (!isBadEvent) count('SweepBlocked', { job: 'sweep-keys' });
  // Messages of other errors may quote their input.
  const isLoggable = isBadEvent || error instanceof ConfigError;
  log('error', 'sweep failed', { ...errorFields(error), ...(isLoggable && { reason: error.message }) });
}
