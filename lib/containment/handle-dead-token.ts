import type { Known } from '../audit/known-key.ts';
import type { Earlier } from '../audit/read-earlier.ts';
import type { ReportTrail } from '../audit/trail.ts';
import type { ApiKey, Devin, KeyListing } from '../clients/devin.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import { keysRevokedSince } from '../identify/choose-key.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { exposure, type LeakTimes } from './exposure.ts';

export interface DeadTokenReport {
  readonly report_id: string;
  readonly token: Token;
  readonly times: LeakTimes;
  readonly dryRun: boolean;
}

/**
 * The leaked token is answered 401 at once: it was revoked by somebody else, it expired, another report of the same
 * token came first, or an earlier delivery of this report died after its DELETE and left an intent.
 *
 * @throws {AuditStoreError}
 */
export async function handleDeadToken(
  { dryRun, report_id, times, token }: DeadTokenReport,
  devin: Devin,
  trail: Pick<ReportTrail, 'earlier' | 'recall'>,
  retry: RetryOptions,
): Promise<Decided | OnRecord> {
  const [{ intent, outcome }, known, control] = await Promise.all([
    trail.earlier(),
    trail.recall(token),
    devin.probeAdmin(retry),
  ]);
  if (outcome !== undefined) return { status: 'on_record', outcome };
  if (control.state !== 'alive') {
    const reason =
      'the token is answered 401, but the admin token does not work either, which proves nothing';
    return decided({ status: 'failed', reason, retryable: true });
  }
  if (dryRun) return decided({ status: 'rehearsed', reason: 'dry run: the token is dead already' });
  const proof = { method: 'token', probes: 1, at: Date.now() } as const;
  const owner = intent?.service_user_id ?? known?.service_user_id;
  if (owner === undefined) {
    const exposed = exposure({ ...times, proof });
    return decided({ status: 'already_revoked', evidence: 'dead_on_arrival', proof, exposure: exposed });
  }
  const listing = await devin.listKeys(owner, retry);
  const entry = listing.ok ? entryOf(listing.keys, intent, known?.api_key_id) : undefined;
  const id = entry?.api_key_id ?? intent?.api_key_id ?? known?.api_key_id;
  const named = {
    service_user_id: owner,
    ...(id !== undefined && { api_key_id: id }),
    ...(entry && { api_key_name: entry.api_key_name }),
    proof,
    exposure: exposure({ ...times, proof, entry }),
  };
  if (intent !== undefined && wasKilledByEarlierDelivery(report_id, intent, known, listing)) {
    const attribution = { method: 'intent', confidence: 'high' } as const;
    return decided({ status: 'revoked', ...named, attribution, evidence: 'recovered' });
  }
  const attribution = known && ({ method: 'fingerprint', confidence: known.confidence } as const);
  return decided({
    status: 'already_revoked',
    ...named,
    ...(attribution && { attribution }),
    evidence: 'dead_on_arrival',
  });
}

type EarlierIntent = NonNullable<Earlier['intent']>;

/**
 * Whether the DELETE of an earlier delivery, of which only the intent is on record, is what killed the key. Not when
 * another report of the same token claims it, nor when the listing shows no key that was revoked since.
 */
function wasKilledByEarlierDelivery(
  report_id: string,
  { api_key_id, time }: EarlierIntent,
  known: Known | undefined,
  listing: KeyListing,
): boolean {
  if (known !== undefined && known.report_id !== report_id) return false;
  if (!listing.ok) return true;
  const keys = listing.keys.filter((key) => api_key_id === undefined || key.api_key_id === api_key_id);
  return keysRevokedSince(time, keys).length > 0;
}

function entryOf(
  keys: readonly ApiKey[],
  intent: EarlierIntent | undefined,
  known: string | undefined,
): ApiKey | undefined {
  const id = intent?.api_key_id ?? known;
  if (id !== undefined) return keys.find(({ api_key_id }) => api_key_id === id);
  const revoked = intent ? keysRevokedSince(intent.time, keys) : [];
  return revoked.length === 1 ? revoked[0] : undefined;
}
