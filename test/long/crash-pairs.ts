import { drawPlan, type LeakKind, type Plan } from '../simulation/world/plan.ts';
import { playWorld } from '../simulation/world/play-world.ts';
import type { Realm } from '../simulation/world/realm.ts';
import type { World } from '../simulation/world/world.ts';
import type { Point } from '../support/crash-matrix.ts';

// As crash-matrix.ts, in memory: the process is killed at every request of a delivery, and then the process of the next
// delivery at every request of its own. The world is calm but for that.

const CALM: Plan = {
  ...drawPlan(1),
  faultsEnd: 0,
  listingFaultRate: 0,
  outage: undefined,
  crashRate: 0,
  deliveryLossRate: 0,
  adminRotation: undefined,
  webhookRotation: undefined,
  lockout: undefined,
  clockJump: undefined,
  beginsAtMs: 9 * 3_600_000,
  revocationLagMs: 0,
  lastUsedLagMs: 0,
  nodes: 1,
  nodeCacheMs: 0,
  clockSkewSeconds: 0,
  pageSize: 100,
  hasStandby: false,
  delegatedDismissal: false,
  ambiguousKey: 'escalate',
  dryRun: false,
};

export interface Crashed {
  readonly at: readonly Point[];
  readonly problems: readonly string[];
  readonly statuses: readonly string[];
  /** The requests of each worker, in the order of the workers, by their numbers. */
  readonly requests: readonly (readonly number[])[];
}

/** Plays the report of a leak, and kills whoever sends a request of these. */
export async function crashAt(realm: Realm, kind: LeakKind, at: readonly Point[]): Promise<Crashed> {
  const requests = new Map<string, number[]>();
  let world!: World;
  let kills = 0;
  /** A record had a DELETE when a process died. */
  let shouldNotify = false;
  const { reports, violations } = await playWorld(1, realm, {
    plan: { ...CALM, leaks: [{ kind, at: 0 }] },
    mutate: (made) => {
      world = made;
    },
    dies: ({ container: { id, name } }, nth, when) => {
      if (name !== 'revoke') return false;
      if (when === 'before') requests.set(id, [...(requests.get(id) ?? []), nth]);
      const isNow = at.some((point) => point.nth === nth && point.when === when);
      kills += Number(isNow);
      shouldNotify ||= isNow && names(world).some((name) => name.startsWith('30-delete'));
      return isNow;
    },
  });
  const statuses = reports.map(({ status }) => status);
  const isDeadByUs = world.ledger.deaths.size > 0;
  const problems = [
    ...violations.map(({ invariant, text }) => `${invariant}: ${text}`),
    ...(kills === at.length ? [] : [`killed ${kills} times`]),
    ...(isDeadByUs ? [] : ['no DELETE took effect']),
    ...(shouldNotify && !statuses.includes('revoked')
      ? [`a DELETE is on record, and it says ${statuses}`]
      : []),
    ...world.ledger.alerts.flatMap(({ alert: { number, owner, repo }, tokens }) => [
      ...(world.github.alert(owner, repo, number)?.state === 'open' ? ['the alert is open'] : []),
      ...(tokens.some((token) => world.devin.isLive(token)) ? ['a token is alive'] : []),
    ]),
    ...(names(world).filter((name) => name.startsWith('90-')).length === 1 ? [] : ['not one outcome']),
  ];
  return { at, problems, statuses, requests: [...requests.values()] };
}

/** Every single point of a delivery, and for each every point of the delivery after it. */
export async function crashPairs(realm: Realm, kind: LeakKind): Promise<Crashed[]> {
  const calm = await crashAt(realm, kind, []);
  const results = [calm];
  for (const first of pointsOf(calm.requests[0])) {
    const once = await crashAt(realm, kind, [first]);
    results.push(once);
    for (const second of pointsOf(once.requests[1])) {
      results.push(await crashAt(realm, kind, [first, second]));
    }
  }
  return results;
}

function pointsOf(requests: readonly number[] = []): Point[] {
  return requests.flatMap((nth) => [
    { nth, when: 'before' },
    { nth, when: 'after' },
  ]);
}

function names({ s3 }: World): string[] {
  return s3.objects('records/').map(({ key }) => key.split('/').at(-1) ?? '');
}
