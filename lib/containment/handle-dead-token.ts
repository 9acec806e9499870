import type { Earlier, Known } from '../audit/trail.ts';
import type { ApiKey, KeyListing } from '../clients/devin.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { keysRevokedSince } from '../identify/choose-key.ts';
import type { Leak } from '../identify/read-leak.ts';
import type { Deps } from './deps.ts';
import { exposure } from './exposure.ts';
import type { OnRecord } from './record-intent.ts';

/**
 * The leaked token is answered 401 at once: it was revoked by somebody else, it expired, another report of the same
 * token came first, or an earlier delivery of this report died after its DELETE and left an intent.
 */
export async function deadOnArrival(
  report: Report,
  token: Token,
  leak: Leak,
  deps: Deps,
): Promise<OutcomeDraft | OnRecord> {
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
  if (earlier.intent !== undefined && isOurs(report, earlier.intent, known, listing)) {
    const attribution = { method: 'intent', confidence: 'high' } as const;
    return { status: 'revoked', ...named, attribution, evidence: 'recovered' };
  }
  const attribution = known && ({ method: 'fingerprint', confidence: known.confidence } as const);
  return {
    status: 'already_revoked',
    ...named,
    ...(attribution && { attribution }),
    evidence: 'dead_on_arrival',
  };
}

type Intent = NonNullable<Earlier['intent']>;

/**
 * Whether the DELETE of an earlier delivery, of which only the intent is on record, is what killed the key. Not when
 * another report of the same token says that it was, nor when the listing shows no key that was revoked since.
 */
function isOurs(report: Report, intent: Intent, known: Known | undefined, listing: KeyListing): boolean {
  if (known !== undefined && known.report_id !== report.report_id) return false;
  if (!listing.ok) return true;
  const { api_key_id } = intent;
  const keys = listing.keys.filter((key) => api_key_id === undefined || key.api_key_id === api_key_id);
  return keysRevokedSince(intent.time, keys).length > 0;
}

function findEntry(
  keys: readonly ApiKey[],
  intent: Intent | undefined,
  known: string | undefined,
): ApiKey | undefined {
  const id = intent?.api_key_id ?? known;
  if (id !== undefined) return keys.find(({ api_key_id }) => api_key_id === id);
  const revoked = intent ? keysRevokedSince(intent.time, keys) : [];
  return revoked.length === 1 ? revoked[0] : undefined;
}
