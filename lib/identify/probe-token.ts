import type { Devin } from '../clients/devin.ts';
import type { Probe } from '../clients/devin-shapes.ts';
import type { Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** One use of the leaked token by us. */
export interface Use {
  /** Epoch milliseconds of our clock, before and after it. */
  readonly sent: number;
  readonly answered: number;
  /** Epoch seconds of the API's clock when it answered, by its `Date` header. */
  readonly apiSecond?: number | undefined;
}

/** Uses the leaked token once: what it showed, and when it was, since a use moves the key's `last_used_at`. */
export async function probeToken(
  devin: Devin,
  token: Token,
  retry: RetryOptions,
): Promise<{ readonly probe: Probe; readonly use: Use }> {
  const sent = Date.now();
  const probe = await devin.probe(token, retry);
  const apiSecond = probe.state === 'alive' ? probe.apiSecond : undefined;
  return { probe, use: { sent, answered: Date.now(), apiSecond } };
}
