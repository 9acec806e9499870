import { NO_HISTORY } from '../audit/history.ts';
import type { Earlier } from '../audit/read-earlier.ts';
import type { ReportTrail } from '../audit/trail.ts';
import type { Devin } from '../clients/devin.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import { type Decided, decided, type OnRecord } from '../domain/outcome.ts';
import type { Deletion, Proof } from '../domain/outcome-facts.ts';
import type { Token } from '../domain/token.ts';
import { endedRecently } from '../identify/choose-key.ts';
import type { RegistryEntry } from '../identify/registry/entry.ts';
import type { Registry } from '../identify/registry/registry.ts';
import { clockOffset, isOurRevocation, listedRevocation } from './claim-revocation.ts';
import { withHistory } from './collateral.ts';
import { exposure, type LeakTimes } from './exposure.ts';
import { type ProofOptions, proveTokenDead } from './prove-dead.ts';
import { earliestUse } from './record-intent.ts';

export interface DeadTokenReport {
  readonly token: Token;
  readonly times: LeakTimes;
}

/**
 * The leaked token is answered 401 at once: it was revoked by somebody else, it expired, another report of the same
 * token came first, an earlier delivery of this report did it, or nobody knows it. Or it is not dead at all: `alive`.
 *
 * @throws {AuditStoreError} @throws {ListError}
 */
export async function handleDeadToken(
  { times, token }: DeadTokenReport,
  devin: Devin,
  {
    registry,
    trail,
  }: {
    readonly registry: Pick<Registry, 'recall'>;
    readonly trail: Pick<ReportTrail, 'earlier' | 'history'>;
  },
  proving: ProofOptions,
): Promise<{ readonly status: 'alive' } | Decided | OnRecord> {
  const [{ intent, outcome }, known, result] = await Promise.all([
    trail.earlier(),
    registry.recall(token),
    proveTokenDead(devin, token, { ...proving, untilAlive: true }),
  ]);
  if (outcome !== undefined) return { status: 'on_record', outcome };
  if (result.status === 'alive') return { status: 'alive' };
  if (result.status === 'unproven') {
    const reason = `the token is answered 401 at first, which alone proves nothing: ${result.reason}`;
    return decided({ status: 'failed', reason, retryable: true });
  }
  const { proof } = result;
  const owner = intent?.service_user_id ?? known?.service_user_id;
  if (owner === undefined) return decided(ofNobody(proof, times));

  const history = intent === undefined ? NO_HISTORY : await trail.history();
  const deletions = history.deletions.filter(({ service_user_id }) => service_user_id === owner);
  const listing = await devin.listKeys(owner, proving);
  const clockOffsetMs = listing.ok ? clockOffset(listing.apiSecond, Date.now()) : 0;
  const death = findDeath(listing.ok ? listing.keys : [], deletions, { clockOffsetMs, intent, known });
  const { api_key_id, entry } = death;
  const named = {
    service_user_id: owner,
    ...(api_key_id !== undefined && { api_key_id }),
    ...(entry && { api_key_name: entry.api_key_name }),
    ...(known?.own_key && { own_key: true as const }),
    proof,
    exposure: exposure({
      ...times,
      proof,
      entry,
      usedByUs: true,
      firstUse: firstUse(intent, known),
      usedByUsAt: known?.used_by_us_at,
      lastUsedBefore: known?.last_used_at,
    }),
  };
  if (death.isOurs) {
    const attribution = { method: 'intent', confidence: death.confidence } as const;
    return decided(withHistory({ status: 'revoked', ...named, attribution, evidence: 'recovered' }, history));
  }
  const attribution = known
    ? ({ method: 'fingerprint', confidence: known.confidence } as const)
    : api_key_id !== undefined && ({ method: 'elimination', confidence: 'medium' } as const);
  const draft = {
    status: 'already_revoked',
    ...named,
    ...(attribution && { attribution }),
    evidence: 'dead_on_arrival',
  } as const;
  return decided(withHistory(draft, history));
}

/** What is said of a token that is dead and in no record: nobody can tell why it is rejected. */
function ofNobody(proof: Proof, times: LeakTimes) {
  return {
    status: 'already_revoked',
    evidence: 'dead_on_arrival',
    owner: 'unknown',
    reason:
      'nobody here knows the token; it is rejected from our address, as it is when it is revoked, expired or never was valid, or when another enterprise admits other addresses only',
    proof,
    exposure: exposure({ ...times, proof, usedByUs: true }),
  } as const;
}

interface Death {
  readonly api_key_id?: string | undefined;
  readonly entry?: ApiKey | undefined;
  readonly isOurs: boolean;
  readonly confidence: 'high' | 'medium';
}

type EarlierIntent = Earlier['intent'];

/**
 * Which key the token died with: one that a DELETE of this report killed, the last of them; else the one that is known;
 * else the only one that ended since the intent.
 */
function findDeath(
  keys: readonly ApiKey[],
  deletions: readonly Deletion[],
  {
    clockOffsetMs,
    intent,
    known,
  }: {
    readonly clockOffsetMs: number;
    readonly intent: EarlierIntent;
    readonly known: RegistryEntry | undefined;
  },
): Death {
  const entryOf = (id: string | undefined) => keys.find(({ api_key_id }) => api_key_id === id);
  const killed = deletions.filter((deletion) => {
    const { api_key_id } = deletion;
    const listed = listedRevocation(entryOf(api_key_id), clockOffsetMs);
    return isOurRevocation([deletion], listed) && (known === undefined || known.api_key_id === api_key_id);
  });
  const id = killed.at(-1)?.api_key_id;
  if (id !== undefined) {
    const several = new Set(killed.map(({ api_key_id }) => api_key_id)).size > 1;
    return { api_key_id: id, entry: entryOf(id), isOurs: true, confidence: several ? 'medium' : 'high' };
  }
  const named = intent?.api_key_id ?? known?.api_key_id;
  const ended = intent === undefined ? [] : endedRecently(keys, Date.now(), Date.now() - intent.time);
  const entry = named === undefined && ended.length === 1 ? ended[0] : entryOf(named);
  return { api_key_id: named ?? entry?.api_key_id, entry, isOurs: false, confidence: 'medium' };
}

/** Epoch seconds from which on a use of the token may be ours. */
function firstUse(intent: EarlierIntent, known: RegistryEntry | undefined): number | undefined {
  if (known?.used_by_us_at !== undefined) return Date.parse(known.used_by_us_at) / 1_000;
  return intent && earliestUse(intent.time);
}
