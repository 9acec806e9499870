import * as z from 'zod/mini';
import type { MadeKey } from '../domain/aftermath.ts';
import { ApiKeyId, Key, ServiceUserId } from '../domain/key.ts';
import type { LeakReport } from '../domain/report.ts';
import { iso } from '../domain/time.ts';
import type { Act } from './read-acts.ts';

const CREATE = 'create_service_user_api_key';
const ROTATE = 'rotate_service_user_api_key';

/** `data` is not documented: the names under which an act may hold the new key's id, the surest first. */
const NEW_KEY_FIELDS = {
  create: ['api_key_id', 'new_api_key_id', 'key_id', 'id'],
  // Its `api_key_id` may be the old one.
  rotate: ['new_api_key_id', 'new_key_id', 'successor_api_key_id'],
} as const;

export function isKeyAct({ action }: Pick<Act, 'action'>): boolean {
  return action === CREATE || action === ROTATE;
}

/** The keys that acts of the audit log made, but for the leaked one itself. */
export function madeKeys(acts: readonly Act[], leakedKeyId: string | undefined): MadeKey[] {
  return acts.filter(isKeyAct).flatMap(({ action, at, ids }) => {
    const by = action === CREATE ? 'create' : 'rotate';
    const api_key_id = NEW_KEY_FIELDS[by]
      .map((field) => ids[field])
      .find((id) => z.safeParse(ApiKeyId, id).success);
    if (api_key_id !== undefined && api_key_id === leakedKeyId) return [];
    const owner = ids.service_user_id;
    const service_user_id = z.safeParse(ServiceUserId, owner).success ? owner : undefined;
    const key = service_user_id && api_key_id ? { service_user_id, api_key_id } : undefined;
    return [
      {
        ...(service_user_id !== undefined && { service_user_id }),
        ...(api_key_id !== undefined && { api_key_id }),
        made_at: iso(at * 1_000),
        by,
        ...(key && { event: JSON.stringify(key) }),
      } satisfies MadeKey,
    ];
  });
}

export interface ChaseRules {
  readonly mode: 'report' | 'terminate';
  readonly dryRun: boolean;
  readonly ownKey: boolean;
  readonly max: number;
  /** The service users of our own tokens; `undefined` while they are not known. */
  readonly ownServiceUsers: readonly string[] | undefined;
}

export type ChasePlan =
  | { readonly status: 'none' }
  | { readonly status: 'escalated'; readonly reason: string }
  | { readonly status: 'queue'; readonly keys: readonly (MadeKey & Key)[] };

/** Decides which of the keys go on the queue as reports: all that are named, or none. It fails closed. */
export function planChase(made: readonly MadeKey[], rules: ChaseRules): ChasePlan {
  const { dryRun, max, mode, ownKey, ownServiceUsers } = rules;
  const keys = made.filter(({ active }) => active !== false);
  if (mode === 'report' || dryRun || keys.length === 0) return { status: 'none' };
  const none = (why: string) => ({ status: 'escalated', reason: `${why}, so none was queued` }) as const;
  if (ownKey) return none('the keys were made with the key of this software');
  if (keys.length > max) return none(`${keys.length} keys were made, more than AFTERMATH_MAX (${max})`);
  if (ownServiceUsers === undefined) {
    return none('it is not known which service users are those of this software');
  }
  const named = keys.flatMap((key) => {
    const ids = z.safeParse(Key, key);
    return ids.success && !ownServiceUsers.includes(ids.data.service_user_id)
      ? [{ ...key, ...ids.data }]
      : [];
  });
  return named.length === 0 ? { status: 'none' } : { status: 'queue', keys: named };
}

/** The report of a key that was made with a leaked one; the same however often it is found. */
export function chaseReport({ api_key_id, made_at, service_user_id }: MadeKey & Key, by: string): LeakReport {
  const madeAt = Date.parse(made_at);
  return {
    version: 1,
    report_id: `aftermath/${service_user_id}/${api_key_id.replaceAll('~', '_7E')}`,
    detector: 'aftermath',
    invoked_by: 'event',
    reported_at: madeAt,
    leaked_at: madeAt,
    seen_at: Date.now(),
    leak: { kind: 'key', service_user_id, api_key_id },
    reason: `made since a leak by ${by}, whose key leaked`,
  };
}
