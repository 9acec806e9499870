import type { Outcome } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import type { Registry } from '../identify/registry/registry.ts';
import { log } from '../platform/log.ts';

/**
 * Notes in the registry which key the token was of, for the next report of the same token, once the token was seen to die
 * with the key. A token that was dead on arrival shows nothing of its key. Best effort.
 */
export async function rememberKey(
  outcome: Outcome,
  token: Token | undefined,
  registry: Pick<Registry, 'note'>,
): Promise<void> {
  if (outcome.status !== 'revoked' && outcome.status !== 'already_revoked') return;
  const { api_key_id, attribution, evidence, exposure, own_key, proof, report_id, service_user_id } = outcome;
  if (token === undefined || service_user_id === undefined || api_key_id === undefined) return;
  if (proof.method !== 'token' || evidence === 'dead_on_arrival') return;
  const { last_used_at, used_by_us_at } = exposure ?? {};
  const noted = await registry.note(token, {
    version: 1,
    service_user_id,
    api_key_id,
    confidence: attribution?.confidence ?? 'medium',
    source: 'leak',
    method: 'revocation',
    noted_at: proof.at,
    report_id,
    ...(used_by_us_at !== undefined && { used_by_us_at }),
    ...(last_used_at !== undefined && { last_used_at }),
    ...(own_key && { own_key }),
  });
  if (noted === 'failed') log('warn', 'which key the token was of is not noted', { report_id });
}
