import type { Devin, Probe } from '../clients/devin.ts';
import type { Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { Use } from './correlate-uses.ts';

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
