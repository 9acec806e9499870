import { NO_HISTORY } from '../audit/history.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Deletion } from '../domain/outcome-facts.ts';
import type { Target } from '../identify/target.ts';
import { afterSend, log } from '../platform/log.ts';
import { acceptDelete } from './accept-delete.ts';
import type { OwnKeyCheck } from './check-own-key.ts';
import { isOurRevocation, listedRevocation } from './claim-revocation.ts';
import { withHistory } from './collateral.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { Deps } from './deps.ts';
import { describeRevocation } from './describe-revocation.ts';
import type { LeakTimes } from './exposure.ts';
import { type FoundEntry, findEntry } from './find-entry.ts';
import { type ProofResult, proveDead } from './prove-dead.ts';
import { earliestUse, type IntentResult } from './record-intent.ts';
import type { Revocation } from './revocation.ts';
import { revokeKey } from './revoke-key.ts';

export interface RevokeContext {
  readonly report_id: string;
  readonly intent: IntentResult;
  readonly own: OwnKeyCheck;
  readonly times: LeakTimes;
}

/** Revokes the key, or the candidates one by one, and proves the token dead. */
export async function revokeTarget(
  target: Target,
  { intent, own, report_id, times }: RevokeContext,
  deps: Deps,
): Promise<OutcomeDraft> {
  const startedAt = Date.now();
  const earlier = intent.status === 'intent_stored' ? intent.earlier : undefined;
  const history = earlier?.history ?? NO_HISTORY;
  const proving = { deadline: deps.deadline, windowMs: deps.proofWindowMs };
  const revocation =
    target.kind === 'candidates'
      ? await (await import('./revoke-candidates.ts')).revokeCandidates(
          target,
          deps.devin,
          deps.trail,
          proving,
        )
      : await revokeOne(report_id, target, own.isOnlyAdmin, deps);
  if (revocation.status === 'decided') {
    return withHistory({ ...revocation.draft, attribution: target.attribution }, history);
  }

  const { key, proof } = revocation;
  const shown = proof.status === 'dead' ? 'proven dead' : 'not proven dead';
  afterSend(() => log('info', shown, { report_id, ...key }));
  const isOurs = diedOfOurs(revocation, history.deletions);
  const draft = describeRevocation(decideOutcome({ ...revocation, isOurs }), revocation, target, {
    ...times,
    startedAt,
    earlierUse: earlier && earliestUse(earlier.intentTime),
  });
  return withHistory({ ...draft, ...ownKeyOf(proof) }, history);
}

function diedOfOurs(
  { clockOffsetMs = 0, deletion, entry, key }: Revocation,
  earlier: readonly Deletion[],
): boolean {
  const own = earlier.filter(({ api_key_id }) => api_key_id === key.api_key_id);
  return isOurRevocation([...own, deletion], listedRevocation(entry, clockOffsetMs));
}

/** The admin token died with the key that was named by its ids: it was that of the admin token itself. */
function ownKeyOf(proof: ProofResult) {
  if (proof.status !== 'unproven' || !proof.isAdminRefused) return {};
  return {
    own_key: true,
    next_step:
      'the admin token is answered 401 since the key was revoked, so that the key is most likely its own: put a new one into its secret, and the report settles by itself',
  } as const;
}

/** DELETE, then proof. The listing is read beside both, for the record alone, so it holds nothing back. */
async function revokeOne(
  report_id: string,
  { entry, key, token }: Extract<Target, { kind: 'key' }>,
  isOnlyAdmin: boolean,
  { deadline, devin, proofWindowMs, recheck, trail }: Deps,
): Promise<Revocation | { readonly status: 'decided'; readonly draft: OutcomeDraft }> {
  const instead = await recheck?.(key);
  if (instead !== undefined) return { status: 'decided', draft: instead };

  const deleting = revokeKey(devin, key, trail, { deadline });
  const reading = entry === undefined && !isOnlyAdmin ? findEntry(devin, key, deadline) : { entry };
  const deleted = await deleting;
  const accepted = acceptDelete(key, deleted, { isOnlyAdmin, tokenWorks: token !== undefined });
  if (accepted.status === 'decided') return accepted;
  const { answer } = accepted;
  afterSend(() => log('info', answer.replace('_', ' '), { report_id, ...key }));

  const control = !isOnlyAdmin;
  const [proof, before, after] = await Promise.all([
    proveDead(devin, { ...key, token }, { deadline, windowMs: proofWindowMs, control }),
    reading,
    answer === 'already_revoked' && control ? findEntry(devin, key, deadline) : undefined,
  ]);
  const seen = { proof, before: before.entry, after };
  return { status: 'deleted', key, accepted, deletion: deleted.deletion, proof, ...latestEntry(seen) };
}

/** When it was revoked is in the later listing, when it was used before us in the earlier one. */
function latestEntry({
  after,
  before,
  proof,
}: {
  readonly proof: ProofResult;
  readonly before: FoundEntry['entry'];
  readonly after: FoundEntry | undefined;
}): Pick<Revocation, 'entry' | 'clockOffsetMs'> {
  const proving = proof.status === 'dead' ? proof : undefined;
  const late = after?.entry ?? proving?.entry;
  const clockOffsetMs = after?.entry === undefined ? proving?.clockOffsetMs : after.clockOffsetMs;
  const known = before ?? late;
  return {
    entry: known && { ...(late ?? known), last_used_at: known.last_used_at },
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
  };
}
