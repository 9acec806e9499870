import type { Key } from '../domain/key.ts';
import type { EndedRecord } from './read-report.ts';

/** What a drill saw of its leak. */
export interface Sighted {
  readonly key: Key;
  readonly outcome: EndedRecord['unmapped'] | undefined;
  /** Why the drill itself could not see the token die. */
  readonly alive: string | undefined;
  /** From the leak to the proof. */
  readonly seconds: number | undefined;
  readonly limitSeconds: number;
}

/** All that went wrong, in words; nothing of a drill that passed. `late`: the key is dead, after the limit. */
export interface Judgement {
  readonly status: 'passed' | 'late' | 'failed';
  readonly problems: readonly string[];
}

/** Decides whether a drill showed what a leak would need: the right key, dead, on record, in time. */
export function judgeDrill({ alive, key, limitSeconds, outcome, seconds }: Sighted): Judgement {
  const failures = [
    ...(outcome === undefined ? ['the report has no outcome on record'] : outcomeProblems(outcome, key)),
    ...(alive === undefined ? [] : [`the token is not proven dead: ${alive}`]),
  ];
  if (failures.length > 0) return { status: 'failed', problems: failures };
  if (seconds === undefined) return { status: 'failed', problems: ['the record holds no proof'] };
  return seconds > limitSeconds
    ? { status: 'late', problems: [`it took ${seconds} s, over the limit of ${limitSeconds} s`] }
    : { status: 'passed', problems: [] };
}

function outcomeProblems(
  { api_key_id, deletions = [], reason, status }: EndedRecord['unmapped'],
  key: Key,
): string[] {
  const others = deletions.filter((one) => one.api_key_id !== key.api_key_id).map((one) => one.api_key_id);
  return [
    ...(status === 'revoked' ? [] : [`the outcome is ${status}${reason === undefined ? '' : `: ${reason}`}`]),
    ...(status === 'revoked' && api_key_id !== key.api_key_id ? ['the outcome names another key'] : []),
    ...(others.length === 0 ? [] : [`other keys were deleted: ${others.join(', ')}`]),
  ];
}
