import type { AftermathRequest } from '../domain/aftermath.ts';
import { isDone } from '../domain/outcome.ts';
import type { LeakPart } from '../domain/outcome-facts.ts';
import type { Ended } from '../notice/ended.ts';

type Leak = Pick<LeakPart, 'api_key_id' | 'exposure' | 'service_user_id' | 'status'>;

/**
 * What is to be looked at after a report: each service user that its stored outcome names, once. The secret of an alert may
 * hold the tokens of several.
 */
export function aftermathsOf({ outcome, report }: Ended, isDryRun: boolean): AftermathRequest[] {
  // Nothing leaked where a sweep revokes an old key.
  if (!isDone(outcome) || report.detector === 'sweep') return [];
  const { leak, token: _token, ...rest } = report;
  const leaks: readonly Leak[] = outcome.leaks ?? [outcome];
  const known = leaks.flatMap(({ service_user_id, ...facts }) =>
    service_user_id === undefined || facts.status === 'ignored' ? [] : [{ service_user_id, ...facts }],
  );
  const byServiceUser = Map.groupBy(known, ({ service_user_id }) => service_user_id);
  return [...byServiceUser].map(([service_user_id, own], part) => ({
    version: 1,
    kind: 'aftermath',
    service_user_id,
    ...(part > 0 && { part }),
    ...onlyKey(own),
    leaked_at: Math.min(...own.map((one) => leakedAt(one) ?? report.leaked_at ?? report.reported_at)),
    // Of any of them: it fails closed.
    ...(outcome.own_key && { own_key: true }),
    ...(!own.some(isEvidence) && { report_only: true }),
    ...((isDryRun || report.dry_run) && { dry_run: true }),
    attempt: 1,
    report: { ...rest, leak },
  }));
}

/** The leaked key; nothing where several keys of the service user leaked, so that no one of them bounds the look. */
function onlyKey(leaks: readonly Leak[]): Pick<AftermathRequest, 'api_key_id'> {
  const [first, ...others] = new Set(leaks.map(({ api_key_id }) => api_key_id));
  return first === undefined || others.length > 0 ? {} : { api_key_id: first };
}

/** Epoch milliseconds. */
function leakedAt({ exposure }: Leak): number | undefined {
  const leaked = Date.parse(exposure?.leaked_at ?? '');
  return Number.isNaN(leaked) ? undefined : leaked;
}

/** Whether it is evidence enough to act on that service user: ids alone, or ids that contradict a token, are not. */
function isEvidence({ status }: Leak): boolean {
  switch (status) {
    case 'revoked':
    case 'already_revoked':
    case 'rehearsed':
      return true;
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'ignored':
    case 'failed':
      return false;
    default:
      return status satisfies never;
  }
}
