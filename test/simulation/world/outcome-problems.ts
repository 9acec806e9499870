import type { Invocation } from './container.ts';
import type { Surroundings, Truth } from './surroundings.ts';

interface Facts {
  readonly status: string;
  readonly service_user_id?: string;
  readonly api_key_id?: string;
  readonly deletions?: readonly { api_key_id: string; answer: string; lost_answer?: true }[];
  readonly alert?: { closed: boolean };
  readonly report?: { leak?: { kind: string; owner?: string; repo?: string; number?: number } };
  readonly leaks?: readonly Facts[];
}

/** Holds an outcome to the truth of the world at the moment at which it is stored. */
export function outcomeProblems(
  outcome: Facts,
  world: Surroundings,
  truth: Truth,
  invocation: Invocation | undefined,
): string[] {
  const parts = outcome.leaks ?? [outcome];
  return [
    ...parts.flatMap((part) =>
      partProblems({ ...part, deletions: outcome.deletions ?? [] }, world, truth, invocation),
    ),
    ...alertProblems(outcome, world, truth),
  ];
}

function partProblems(
  { api_key_id, deletions = [], status }: Facts,
  { devin }: Surroundings,
  truth: Truth,
  invocation: Invocation | undefined,
): string[] {
  const key = api_key_id === undefined ? undefined : devin.key(api_key_id);
  switch (status) {
    case 'revoked': {
      if (key === undefined) return ['it is revoked, and no key is named'];
      const isOurs = truth.deaths.has(key.api_key_id);
      // One of ours got no answer, and somebody else was as quick: nobody can tell them apart.
      const mayBeOurs =
        truth.revokedByOthers.has(key.api_key_id) &&
        deletions.some((one) => one.answer === 'unanswered' || one.lost_answer === true);
      return [
        ...(key.revoked_at === null ? [`${key.api_key_id} is not revoked`] : []),
        ...(isOurs || mayBeOurs ? [] : [`no DELETE of ours revoked ${key.api_key_id}`]),
      ];
    }
    case 'already_revoked': {
      if (key === undefined) return [];
      const death = truth.deaths.get(key.api_key_id);
      const isOwn = death?.invocation !== undefined && death.invocation === invocation?.requestId;
      // Without a listing that shows when it was revoked, a lost answer is all that can be said.
      const shouldNotify = deletions.some(
        (one) =>
          one.api_key_id === key.api_key_id && (one.answer === 'unanswered' || one.lost_answer === true),
      );
      return [
        ...(key.is_active ? [`${key.api_key_id} is active`] : []),
        ...(isOwn && !shouldNotify && invocation?.reports.length === 1
          ? [`${key.api_key_id} was revoked by this very invocation`]
          : []),
      ];
    }
    case 'not_found':
      return key?.service_user_id !== undefined && key.is_active && truth.leaked.has(key.api_key_id)
        ? [`${key.api_key_id} is there, and active`]
        : [];
    default:
      return [];
  }
}

/** A report of an alert that ends well leaves no token of it alive. */
function alertProblems(
  { alert, report, status }: Facts,
  { devin, github }: Surroundings,
  truth: Truth,
): string[] {
  const leak = report?.leak;
  const found = truth.alerts.find(
    ({ alert: { number, owner, repo } }) =>
      leak?.kind === 'github_alert' && leak.owner === owner && leak.repo === repo && leak.number === number,
  );
  if (found === undefined) return [];
  const { number, owner, repo } = found.alert;
  const isLive = found.tokens.some((token) => devin.isLive(token));
  return [
    ...(isLive && (status === 'revoked' || status === 'already_revoked')
      ? ['a token of the alert is alive']
      : []),
    ...(alert?.closed && github.alert(owner, repo, number)?.state !== 'resolved'
      ? ['the alert is open']
      : []),
  ];
}
