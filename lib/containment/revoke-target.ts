import type { ApiKey } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';
import type { Collateral, OutcomeDraft } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { Target } from '../identify/target.ts';
import { afterSend, log } from '../platform/log.ts';
import { conclude } from './decide-outcome.ts';
import type { Deps } from './deps.ts';
import { exposure } from './exposure.ts';
import { type ProofOptions, prove, type Verdict } from './prove-dead.ts';
import { revokeAll } from './revoke-candidates.ts';
import { type Revoked, revokeKey } from './revoke-key.ts';

/** A revocation that the API accepted, and what was seen of the token afterwards. */
export interface Eradication {
  readonly key: Key;
  readonly revoked: Extract<Revoked, { result: 'revoked' | 'already_revoked' }>;
  readonly verdict: Verdict;
  readonly entry?: ApiKey | undefined;
  readonly collateral?: readonly Collateral[];
}

export interface Circumstances {
  /** Epoch milliseconds since when a DELETE of ours may have gone unseen. */
  readonly unseenSince?: number | undefined;
  /** Epoch milliseconds. */
  readonly leakedAt?: number | undefined;
  /** The leaked token is the admin token of this software, and no other one is at hand. */
  readonly isOnlyAdmin: boolean;
}

/** Revokes the key, or the candidates one by one, and proves the token dead. */
export async function eradicate(
  report: Report,
  target: Target,
  { isOnlyAdmin, leakedAt, unseenSince }: Circumstances,
  deps: Deps,
): Promise<OutcomeDraft> {
  const started = Date.now();
  const { attribution, firstUse, keys, service_user_id, token } = target;
  const end =
    keys.length > 1 && token !== undefined
      ? await revokeAll({ service_user_id, keys, token }, deps)
      : await revokeOne(report, target, isOnlyAdmin, deps);
  if ('status' in end) return { ...end, attribution };

  const { collateral = [], entry, key, revoked, verdict } = end;
  const shown = verdict.verdict === 'dead' ? 'proven dead' : 'not proven dead';
  afterSend(() => log('info', shown, { report_id: report.report_id, ...key }));
  const ending = conclude({
    key,
    revoked,
    verdict,
    entry,
    unseenSince: unseenSince ?? (revoked.uncertain ? started : undefined),
  });
  return {
    ...ending,
    ...(entry && { api_key_name: entry.api_key_name }),
    // With a lag, the token may have died of the key before.
    attribution: collateral.length > 0 ? { ...attribution, confidence: 'medium' } : attribution,
    ...(collateral.length > 0 && { collateral: [...collateral] }),
    exposure: exposure({
      leakedAt,
      seenAt: report.seen_at,
      revokedAt: revoked.result === 'revoked' ? started : undefined,
      proof: verdict.verdict === 'dead' ? verdict.proof : undefined,
      entry,
      firstUse,
      usedByUs: token !== undefined,
    }),
  };
}

async function revokeOne(
  report: Report,
  { keys, service_user_id, token }: Target,
  isOnlyAdmin: boolean,
  deps: Deps,
): Promise<Eradication | OutcomeDraft> {
  const { api_key_id = '', entry } = keys[0] ?? {};
  const key = { service_user_id, api_key_id };
  const held = await deps.hold?.(key);
  if (held !== undefined) return held;
  // First, so that it gets the connection that is there already.
  const revoking = revokeKey(deps.devin, key, deps);
  // For the record alone, so it holds nothing back.
  const looking = entry === undefined && !isOnlyAdmin ? findEntry(key, deps) : Promise.resolve(entry);
  const revoked = await revoking;
  if (revoked.result === 'absent') return absent(key, token !== undefined);
  // Our own token can not see a DELETE refused that it did not live to see accepted.
  const diedUnseen =
    isOnlyAdmin && revoked.result === 'refused' && revoked.status === 401 && revoked.uncertain;
  if (revoked.result === 'refused' && !diedUnseen) {
    return { status: 'failed', ...key, reason: revoked.reason, retryable: revoked.retryable };
  }
  const accepted =
    revoked.result === 'refused' ? ({ result: 'already_revoked', uncertain: true } as const) : revoked;
  const done = accepted.result.replace('_', ' ');
  afterSend(() => log('info', done, { report_id: report.report_id, ...key }));
  const [verdict, seen, after] = await Promise.all([
    prove(deps.devin, { ...key, token }, { ...proofOptions(deps), control: !isOnlyAdmin }),
    looking,
    accepted.result === 'already_revoked' && !isOnlyAdmin ? findEntry(key, deps) : undefined,
  ]);
  const known = seen ?? after;
  return {
    key,
    revoked: accepted,
    verdict,
    // When it was revoked is in the later listing, when it was used before us in the earlier one.
    entry: known && { ...(after ?? known), last_used_at: known.last_used_at },
  };
}

function absent(key: Key, tokenWorks: boolean): OutcomeDraft {
  return tokenWorks
    ? {
        status: 'escalated',
        ...key,
        reason: 'Devin does not know the key, yet the token works: the report names the wrong key',
        next_step: 'invoke the function with the token alone',
      }
    : {
        status: 'not_found',
        ...key,
        reason: 'Devin does not know the key, and the listing does not show it',
      };
}

/** Best effort: what can not be read is left out of the record. */
async function findEntry({ api_key_id, service_user_id }: Key, deps: Deps): Promise<ApiKey | undefined> {
  const retry = { deadline: deps.deadline, attempts: 2 };
  const listing = await deps.devin.listKeys(service_user_id, retry).catch(() => undefined);
  return listing?.ok ? listing.keys.find((entry) => entry.api_key_id === api_key_id) : undefined;
}

export function proofOptions({ deadline, proofWindowMs }: Deps): ProofOptions {
  return { deadline, windowMs: proofWindowMs, control: true };
}
