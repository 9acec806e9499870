import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ApiKey } from '../../../lib/clients/devin.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { SweepDeps, SweepResult } from '../../../lib/sweep/keys/deps.ts';
import { killSwitch } from '../../../lib/sweep/keys/kill-switch.ts';
import { planStore } from '../../../lib/sweep/keys/plan-store.ts';
import type { Order } from '../../../lib/sweep/keys/read-order.ts';
import { runSweep } from '../../../lib/sweep/keys/run-sweep.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const DAY = 86_400;
const OWN = 'service-user-own';

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Times around now, in days, and what an API should not send. */
const seconds = fc.oneof(
  fc.integer({ min: -900, max: 900 }).map((days) => Math.floor(Date.now() / 1_000) + days * DAY),
  fc.constantFrom(0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER),
);
const maybe = fc.option(seconds, { nil: null });
const anyKey: fc.Arbitrary<ApiKey> = fc.record({
  api_key_id: fc.constant(''),
  api_key_name: fc.constantFrom('ci', ''),
  created_at: seconds,
  expires_at: maybe,
  revoked_at: fc.option(seconds, { nil: null, freq: 3 }),
  last_used_at: maybe,
  is_active: fc.boolean(),
});
const soundKey: fc.Arbitrary<ApiKey> = anyKey.map((one) => {
  const now = Math.floor(Date.now() / 1_000);
  const times = { created_at: now - 30 * DAY, last_used_at: now - DAY, expires_at: now + 400 * DAY };
  return { ...one, ...times, revoked_at: null, is_active: true };
});
const key = fc.oneof({ weight: 15, arbitrary: soundKey }, { weight: 1, arbitrary: anyKey });
const owner = fc.record({
  expires_at: fc.oneof({ weight: 20, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: seconds }),
  keys: fc.array(key, { minLength: 1, maxLength: 6 }),
});
const users = fc.array(owner, { maxLength: 25 });
const days = fc.oneof(fc.constant(undefined), fc.constant(90), fc.integer({ min: 1, max: 800 }));
const policy = fc.record({
  maxAgeDays: days,
  maxIdleDays: days,
  exemptEvery: fc.integer({ min: 2, max: 9 }),
});
const caps = fc.record({ maxRevocations: fc.nat(20), maxRatio: fc.constantFrom(0, 0.05, 0.2, 0.5, 1) });
const rarely = <T, U>(what: fc.Arbitrary<T>, otherwise: U): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: what });
const faults = fc.record({
  listUsers: rarely(fc.nat(6), null),
  listKeys: rarely(fc.nat(30), null),
  put: rarely(fc.nat(12), null),
  get: rarely(fc.nat(12), null),
  list: rarely(fc.nat(8), null),
  send: rarely(fc.nat(5), null),
  date: rarely(fc.integer({ min: -900, max: 900 }), 0),
  own: rarely(fc.constant(true), false),
});
type Of<T> = T extends fc.Arbitrary<infer V> ? V : never;
type World = { users: Of<typeof users>; policy: Of<typeof policy>; caps: Of<typeof caps> };
type Faults = Of<typeof faults>;

test('never revokes more than the cap, nor an exempt key, nor one that we ourselves use, whatever the API, the store and the queue do', async () => {
  let enforced = 0;
  const world = fc.record({ users, policy, caps });
  await fc.assert(
    fc.asyncProperty(world, faults, fc.integer({ min: 1, max: 7 }), async (given, faulty, pageSize) => {
      const { deps, listed, sent } = simulate(given, faulty, pageSize);
      await sweepToTheEnd(deps);

      const keys = new Set(sent.map(({ leak }) => (leak.kind === 'key' ? leak.api_key_id : '')));
      if (keys.size > 0) enforced += 1;
      expect(keys.size).toBeLessThanOrEqual(given.caps.maxRevocations);
      const active = listed.filter(({ is_active }) => is_active).length;
      expect(keys.size).toBeLessThanOrEqual(active * given.caps.maxRatio + 1e-9);
      for (const { leak } of sent) {
        if (leak.kind !== 'key') throw new Error(leak.kind);
        expect(leak.service_user_id).not.toBe(OWN);
        expect(deps.settings.policy.exempt).not.toContain(leak.api_key_id);
        expect(deps.settings.policy.exempt).not.toContain(leak.service_user_id);
      }
      if (Math.abs(faulty.date) > 301 || faulty.own) expect(sent).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  // The property must not hold for want of any revocation.
  expect(enforced).toBeGreaterThan(20);
});

/** As the queue does: what throws is delivered again, what is unfinished continues. */
async function sweepToTheEnd(deps: SweepDeps): Promise<void> {
  let order: Order = {
    order: 'start',
    plan_id: '20261123T030000Z-00000000',
    dry_run: false,
    invoked_by: 'schedule',
  };
  for (let attempt = 0; attempt < 8; attempt++) {
    const result: SweepResult | Error = await runSweep(order, deps).catch((error: Error) => error);
    if (result instanceof Error) continue;
    if (result.status !== 'unfinished') return;
    order = { order: 'continue', ...result.next };
  }
}

function simulate(world: World, faulty: Faults, pageSize: number) {
  const owners = world.users.map((user, index) => ({
    service_user_id: index === 0 ? OWN : `service-user-${index}`,
    name: `robot ${index}`,
    expires_at: user.expires_at,
    keys: user.keys.map((one, at) => ({ ...one, api_key_id: `key-${index}-${at}` })),
  }));
  const listed = owners.flatMap(({ keys }) => keys);
  const sent: LeakReport[] = [];
  const left: Record<string, number | null> = { ...faulty, date: null, own: null };
  /** Fails once, at the call whose number was drawn. */
  const fails = (name: keyof Faults): boolean => {
    const count = left[name];
    if (typeof count !== 'number') return false;
    left[name] = count === 0 ? null : count - 1;
    return count === 0;
  };
  const broken = { ok: false, reason: 'HTTP 500', status: 500, retryable: false } as const;
  const { firstName, store } = memoryBucket(fails);
  const deps: SweepDeps = {
    devin: {
      listServiceUsers: async (after) => {
        if (fails('listUsers')) return broken;
        const from = Number(after ?? 0);
        const next = from + pageSize < owners.length ? String(from + pageSize) : null;
        const date = Date.now() + faulty.date * 1_000;
        return { ok: true, users: owners.slice(from, from + pageSize), next, total: owners.length, date };
      },
      listKeys: async (id) =>
        fails('listKeys')
          ? broken
          : { ok: true, keys: owners.find(({ service_user_id }) => service_user_id === id)?.keys ?? [] },
    },
    plans: planStore(store, firstName, Date.now() + 60_000),
    killSwitch: killSwitch(store, firstName),
    ownServiceUsers: async () => (faulty.own ? undefined : [OWN]),
    settings: {
      mode: 'enforce',
      policy: {
        ...world.policy,
        warnDays: [14],
        exempt: listed.flatMap(({ api_key_id }, index) =>
          index % world.policy.exemptEvery === 0 ? [api_key_id] : [],
        ),
      },
      caps: world.caps,
    },
    send: async (report) => {
      if (fails('send')) throw new Error('the queue is down');
      sent.push(report);
    },
    notify: async () => {},
    dryRun: false,
    requestId: 'request',
    deadline: Date.now() + 60_000,
  };
  return { deps, listed, sent };
}
