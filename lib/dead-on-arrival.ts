import type { Deps } from './deps.ts';
import type { ApiKey } from './devin.ts';
import { exposure } from './exposure.ts';
import { keyRevokedSince } from './identify/choose.ts';
import type { Leak } from './identify/leak.ts';
import type { Ending } from './outcome.ts';
import type { Report } from './report.ts';
import type { Token } from './token.ts';
import type { OnRecord } from './write-ahead.ts';

/**
 * The leaked token is answered 401 at once: it was revoked by somebody else, it expired, another report of the same
 * token came first, or an earlier delivery of this report died after its DELETE and left an intent.
 */
export async function deadOnArrival(
  report: Report,
  token: Token,
  leak: Leak,
  deps: Deps,
): Promise<Ending | OnRecord> {
  const [earlier, known, control] = await Promise.all([
    deps.journal.earlier(),
    deps.journal.recall(token),
    deps.devin.probeAdmin(deps),
  ]);
  if (earlier.outcome !== undefined) return { ...earlier.outcome, recorded: true };
  if (control.state !== 'alive') {
    const reason =
      'the token is answered 401, but the admin token does not work either, which proves nothing';
    return { status: 'failed', reason, retryable: true };
  }
  if (deps.dryRun) return { status: 'rehearsed', reason: 'dry run: the token is dead already' };
  const proof = { method: 'token', probes: 1, at: Date.now() } as const;
  const facts = { leakedAt: leak.alert?.created_at ?? report.leaked_at, seenAt: report.seen_at, proof };
  const owner = earlier.intent?.service_user_id ?? known?.service_user_id;
  if (owner === undefined) {
    return { status: 'already_revoked', evidence: 'dead_on_arrival', proof, exposure: exposure(facts) };
  }
  const listing = await deps.devin.listKeys(owner, deps);
  const entry = listing.ok ? findEntry(listing.keys, earlier.intent, known?.api_key_id) : undefined;
  const id = entry?.api_key_id ?? earlier.intent?.api_key_id ?? known?.api_key_id;
  const named = {
    service_user_id: owner,
    ...(id !== undefined && { api_key_id: id }),
    ...(entry && { api_key_name: entry.api_key_name }),
    proof,
    exposure: exposure({ ...facts, entry }),
  };
  return earlier.intent === undefined
    ? {
        status: 'already_revoked',
        ...named,
        attribution: { method: 'fingerprint', confidence: 'certain' },
        evidence: 'dead_on_arrival',
      }
    : {
        status: 'revoked',
        ...named,
        attribution: { method: 'intent', confidence: 'high' },
        evidence: 'recovered',
      };
}

function findEntry(
  keys: readonly ApiKey[],
  intent: { readonly api_key_id?: string; readonly time: number } | undefined,
  known: string | undefined,
): ApiKey | undefined {
  const id = intent?.api_key_id ?? known;
  if (id !== undefined) return keys.find(({ api_key_id }) => api_key_id === id);
  return intent && keyRevokedSince(intent.time, keys);
}
