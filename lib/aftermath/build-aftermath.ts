import type { KeyListing } from '../clients/devin-shapes.ts';
import type { Aftermath, AftermathRequest, MadeKey, SeenAct, SeenSession } from '../domain/aftermath.ts';
import { iso } from '../domain/time.ts';
import type { EndResult } from './end-sessions.ts';
import type { Problem, Sight } from './look-at.ts';
import { isKeyAct, madeKeys } from './made-keys.ts';
import type { Act } from './read-acts.ts';
import { isOver, type KeptSession } from './read-sessions.ts';
import { unusual } from './read-usual.ts';

/** What was done about what was seen. */
export interface Deeds {
  readonly ends: ReadonlyMap<string, EndResult>;
  /** Ids of the keys that went on the queue. */
  readonly queued: ReadonlySet<string>;
  readonly escalated: readonly string[];
  readonly problems: readonly Problem[];
}

export const NOTHING_DONE: Deeds = { ends: new Map(), queued: new Set(), escalated: [], problems: [] };

const MAX_SESSIONS = 100;
const MAX_LISTED = 50;
const NOTE =
  'a session names its service user and not the key, so what its owner started with another key looks the same';

/** The facts of the record, out of what was seen and done. */
export function buildAftermath(
  request: Pick<AftermathRequest, 'service_user_id' | 'api_key_id' | 'dry_run' | 'own_key'>,
  mode: 'report' | 'terminate',
  sight: Sight,
  deeds: Deeds,
): Aftermath {
  const { api_key_id, dry_run, own_key, service_user_id } = request;
  const sessions = sight.sessions.sessions.map((session) => seen(session, sight, deeds.ends));
  const problems = [...sight.problems, ...deeds.problems].map(({ reason }) => reason);
  const schedules = sight.schedules.slice(0, MAX_LISTED);
  const keys = keysOf(sight, api_key_id);
  return {
    kind: 'aftermath',
    service_user_id,
    ...(api_key_id !== undefined && { api_key_id }),
    mode,
    ...(dry_run && { dry_run }),
    ...(own_key && { own_key }),
    since: iso(sight.since * 1_000),
    until: iso(sight.until * 1_000),
    complete: problems.length === 0,
    problems: [...new Set(problems)].slice(0, 20),
    ...(deeds.escalated.length > 0 && { escalated: deeds.escalated.join('; ') }),
    sessions: {
      total: sessions.length,
      running: sessions.filter(({ running }) => running).length,
      unusual: sessions.filter((session) => session.unusual.length > 0).length,
      listed: sessions.sort(byInterest).slice(0, MAX_SESSIONS),
    },
    schedules: { total: sight.schedules.length, listed: [...schedules] },
    keys: {
      total: keys.length,
      listed: keys
        .slice(0, MAX_LISTED)
        .map((key) => ({ ...key, ...(deeds.queued.has(key.api_key_id ?? '') && { queued: true }) })),
    },
    ...sortActs(sight),
    ...(sight.usual && {
      usual: {
        sessions: sight.usual.sessions,
        hours_utc: [...sight.usual.hours].sort((a, b) => a - b),
        origins: [...sight.usual.origins].sort(),
      },
    }),
    note: NOTE,
  };
}

/** The keys that were made, with whether they still work where that is known. */
export function keysOf(
  { acts, keys }: Pick<Sight, 'acts' | 'keys'>,
  leakedId: string | undefined,
): MadeKey[] {
  return madeKeys(acts.acts, leakedId).map((key) => {
    const active = isActive(keys, key);
    return { ...key, ...(active !== undefined && { active }) };
  });
}

function isActive(listing: KeyListing, { api_key_id }: MadeKey): boolean | undefined {
  return listing.ok ? listing.keys.find((key) => key.api_key_id === api_key_id)?.is_active : undefined;
}

function seen(session: KeptSession, { usual }: Sight, ends: Deeds['ends']): SeenSession {
  const { child_session_ids: _children, created_at, isNamed: _named, pull_requests, ...rest } = session;
  const result = ends.get(session.session_id);
  const origin = usual?.originOf.get(session.session_id);
  const status = result?.status ?? session.status;
  return {
    ...rest,
    status,
    running: !isOver(status),
    created_at: iso(created_at * 1_000),
    pull_requests: [...pull_requests],
    ...(origin !== undefined && { origin }),
    unusual: unusual(session, usual),
    ...(result && { end: result.end }),
    ...(result?.reason !== undefined && { end_reason: result.reason }),
  };
}

/** Those that run first, then those that were to be ended, then the latest. */
function byInterest(a: SeenSession, b: SeenSession): number {
  const weight = ({ end, running }: SeenSession) => (running ? 2 : 0) + (end === undefined ? 0 : 1);
  return weight(b) - weight(a) || (a.created_at < b.created_at ? 1 : -1);
}

function sortActs({
  acts: { acts, byAction },
}: Sight): Pick<Aftermath, 'acts' | 'secrets' | 'service_users'> {
  const kinds = Map.groupBy(
    acts.filter((act) => !isKeyAct(act)),
    kindOf,
  );
  const list = (kind: ReturnType<typeof kindOf>) => (kinds.get(kind) ?? []).slice(0, MAX_LISTED).map(seenAct);
  const totals = [...byAction].map(
    ([action, count]) => [action, count, kindOf({ action }), isKeyAct({ action })] as const,
  );
  const total = (kind: ReturnType<typeof kindOf>) =>
    totals.reduce((sum, [, count, of, isKey]) => sum + (of === kind && !isKey ? count : 0), 0);
  return {
    secrets: { total: total('secret'), listed: list('secret') },
    service_users: { total: total('service_user'), listed: list('service_user') },
    acts: {
      total: total('other'),
      by_action: Object.fromEntries(
        totals.flatMap(([action, count, of, isKey]) => (of === 'other' && !isKey ? [[action, count]] : [])),
      ),
      listed: list('other'),
    },
  };
}

function kindOf({ action }: Pick<Act, 'action'>): 'session' | 'secret' | 'service_user' | 'other' {
  if (action === 'create_service_user') return 'service_user';
  if (action.includes('secret')) return 'secret';
  // The list of sessions shows these.
  return action === 'create_session' ? 'session' : 'other';
}

function seenAct({ action, at, ids, org_id }: Act): SeenAct {
  const noun = action.replace(/^[a-z]+_/, '');
  const id = ids[`${noun}_id`] ?? ids.id ?? Object.entries(ids).find(([name]) => name !== 'org_id')?.[1];
  return {
    action,
    at: iso(at * 1_000),
    ...(id !== undefined && { id }),
    ...(org_id !== undefined && { org_id }),
  };
}
