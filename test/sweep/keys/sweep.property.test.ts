import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ApiKey } from '../../../lib/clients/devin-shapes.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { SweepDeps, SweepResult } from '../../../lib/sweep/keys/deps.ts';
import { killSwitch } from '../../../lib/sweep/keys/kill-switch.ts';
import { PlanStoreError, planStore } from '../../../lib/sweep/keys/plan-store.ts';
import { applyPolicy } from '../../../lib/sweep/keys/policy.ts';
import type { Order } from '../../../lib/sweep/keys/read-order.ts';
import { runSweep } from '../../../lib/sweep/keys/run-sweep.ts';
import { type MemoryBucket, memoryBucket } from '../../support/memory-bucket.ts';

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
const expiredKey: fc.Arbitrary<ApiKey> = soundKey.map((one) => {
  const now = Math.floor(Date.now() / 1_000);
  return { ...one, expires_at: now - DAY, is_active: false };
});
const oldKey: fc.Arbitrary<ApiKey> = soundKey.map((one) => {
  const now = Math.floor(Date.now() / 1_000);
  return { ...one, created_at: now - 500 * DAY, last_used_at: now - 200 * DAY };
});
const key = fc.oneof(
  { weight: 20, arbitrary: soundKey },
  { weight: 1, arbitrary: expiredKey },
  { weight: 1, arbitrary: anyKey },
);
const dueKey = fc.oneof(
  { weight: 5, arbitrary: soundKey },
  { weight: 5, arbitrary: oldKey },
  { weight: 3, arbitrary: expiredKey },
  { weight: 1, arbitrary: anyKey },
);
const owner = fc.record({
  expires_at: fc.oneof({ weight: 20, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: seconds }),
  keys: fc.array(key, { minLength: 1, maxLength: 6 }),
});
const users = fc.array(owner, { maxLength: 25 });
const rarely = <T, U>(what: fc.Arbitrary<T>, otherwise: U): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: what });
const dueUsers = fc.array(
  fc.record({
    expires_at: rarely(seconds, null),
    keys: fc.array(dueKey, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 3, maxLength: 15 },
);
const days = fc.oneof(fc.constant(undefined), fc.constant(90), fc.integer({ min: 1, max: 800 }));
const policy = fc.record({
  maxAgeDays: days,
  maxIdleDays: days,
  exemptEvery: fc.integer({ min: 2, max: 9 }),
});
const caps = fc.record({ maxRevocations: fc.nat(20), maxRatio: fc.constantFrom(0, 0.05, 0.2, 0.5, 1) });
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

test('never revokes more than the cap, nor an exempt key, nor one that we ourselves use, nor a contradictory one, whatever the API, the store and the queue do', async () => {
  let enforced = 0;
  const world = fc.record({ users, policy, caps });
  await fc.assert(
    fc.asyncProperty(world, faults, fc.integer({ min: 1, max: 7 }), async (given, faulty, pageSize) => {
      const { deps, find, listed, sent } = simulate(given, faulty, pageSize);
      await sweepToTheEnd(deps, START);

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
        expect(isContradictory(find(leak.api_key_id))).toBe(false);
      }
      if (Math.abs(faulty.date) > 301 || faulty.own) expect(sent).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  // The property must not hold because nothing is revoked.
  expect(enforced).toBeGreaterThan(20);
});

test('never revokes a released key that is not due on the day of the release, whatever changed and failed since', async () => {
  let released = 0;
  const change = fc.record({
    renewedOwners: fc.constantFrom(0, 2, 3),
    usedKeys: fc.constantFrom(0, 2, 3),
    revokedKeys: fc.constantFrom(0, 4),
    removedOwners: fc.constantFrom(0, 5),
    policy,
    days: fc.constantFrom(0, 1, 6, 8, 300),
  });
  const world = fc.record({ users: dueUsers, policy, caps });
  await fc.assert(
    fc.asyncProperty(
      world,
      faults,
      change,
      fc.integer({ min: 1, max: 7 }),
      async (given, faulty, changed, pageSize) => {
        vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
        try {
          const made = simulate(given, { ...NO_FAULTS, date: 0, own: false }, pageSize);
          await sweepToTheEnd({ ...made.deps, settings: { ...made.deps.settings, mode: 'report' } }, START);
          made.change(changed);
          vi.setSystemTime(Date.now() + changed.days * DAY * 1_000);
          const { deps } = simulate(given, faulty, pageSize, made);
          const today = { ...deps.settings.policy, ...changed.policy };
          const settings = { ...deps.settings, policy: today };
          await sweepToTheEnd(
            { ...deps, settings },
            { order: 'release', plan_id: PLAN, reason: 'looked at' },
          );

          if (made.sent.length > 0) released += 1;
          if (changed.days > 7) expect(made.sent).toEqual([]);
          const now = Math.floor(Date.now() / 1_000);
          for (const { invoked_by, leak } of made.sent) {
            if (leak.kind !== 'key') throw new Error(leak.kind);
            expect(invoked_by).toBe('console');
            const { key: found, owner: by } = made.find(leak.api_key_id);
            expect(by.isListed).toBe(true);
            expect(applyPolicy(found, by, today, [OWN], now)).toMatchObject({ decision: 'revoke' });
          }
        } finally {
          vi.useRealTimers();
        }
      },
    ),
    { numRuns: 600 },
  );
  expect(released).toBeGreaterThan(20);
}, 60_000);

test('a warning is never lost: each that is due went out, whatever the store and the mail do', async () => {
  const soon = fc.record({ users, policy, caps }).map((one) => ({
    ...one,
    policy: { ...one.policy, maxAgeDays: undefined, maxIdleDays: undefined },
    users: one.users.map((user) => ({
      ...user,
      expires_at: null,
      keys: user.keys.map((old) => ({ ...old, revoked_at: null, is_active: true, ...inFiveDays() })),
    })),
  }));
  const noteFaults = fc.array(fc.boolean(), { maxLength: 40 });
  const mailFaults = fc.array(fc.boolean(), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(soon, noteFaults, mailFaults, async (given, notes, mails) => {
      const made = simulate(given, { ...NO_FAULTS, date: 0, own: false }, 3);
      const mailed = new Map<string, number>();
      const plans: SweepDeps['plans'] = {
        ...made.deps.plans,
        putNote: async (path, note) => {
          if (notes.pop()) throw new PlanStoreError('HTTP 503');
          return made.deps.plans.putNote(path, note);
        },
      };
      const notify: SweepDeps['notify'] = async (subject, text) => {
        if (mails.pop()) return false;
        for (const [id] of text.matchAll(/key-\d+-\d+(?=\))/g)) mailed.set(id, (mailed.get(id) ?? 0) + 1);
        return subject !== '';
      };
      const fail = notes.filter(Boolean).length + mails.filter(Boolean).length;
      for (let day = 0; day <= fail; day++) {
        const plan_id = `2026112${day % 10}T03000${Math.floor(day / 10)}Z-00000000`;
        await sweepToTheEnd({ ...made.deps, plans, notify }, { ...START, plan_id });
      }
      const due = made.listed.map(({ api_key_id }) => api_key_id);
      expect([...mailed.keys()].sort()).toEqual(due.sort());
    }),
    { numRuns: 60 },
  );
}, 60_000);

function inFiveDays() {
  const now = Math.floor(Date.now() / 1_000);
  return { created_at: now - 30 * DAY, last_used_at: now - DAY, expires_at: now + 5 * DAY };
}

const PLAN = '20261123T030000Z-00000000';
const START = { order: 'start', plan_id: PLAN, dry_run: false, invoked_by: 'schedule' } as const;
const NO_FAULTS = { listUsers: null, listKeys: null, put: null, get: null, list: null, send: null };

/** An oracle of its own: what cannot all be true of a key. */
function isContradictory({ key: one, owner: by }: ReturnType<ReturnType<typeof simulate>['find']>): boolean {
  const now = Date.now() / 1_000;
  const isPast = (at: number | null | undefined): boolean => at !== null && at !== undefined && at <= now;
  const shouldBeDead = isPast(one.expires_at) || isPast(by.expires_at) || typeof one.revoked_at === 'number';
  return one.is_active && (shouldBeDead || one.created_at <= 0 || one.created_at > now + DAY);
}

/** As the queue does: what throws is delivered again, what is unfinished continues. */
async function sweepToTheEnd(deps: SweepDeps, first: Order): Promise<void> {
  let order = first;
  for (let attempt = 0; attempt < 8; attempt++) {
    const result: SweepResult | Error = await runSweep(order, deps).catch((error: Error) => error);
    if (result instanceof Error) continue;
    if (result.status !== 'unfinished') return;
    order = { order: 'continue', ...result.next };
  }
}

interface Owner {
  service_user_id: string;
  name: string;
  expires_at: number | null;
  isListed: boolean;
  keys: ApiKey[];
}
interface Made {
  readonly owners: Owner[];
  readonly sent: LeakReport[];
  readonly bucket: MemoryBucket;
}

/** @param made the world of an earlier simulation, with what changed in it */
function simulate(world: World, faulty: Faults, pageSize: number, made?: Made) {
  const owners: Owner[] =
    made?.owners ??
    world.users.map((user, index) => ({
      isListed: true,
      service_user_id: index === 0 ? OWN : `service-user-${index}`,
      name: `robot ${index}`,
      expires_at: user.expires_at,
      keys: user.keys.map((one, at) => ({ ...one, api_key_id: `key-${index}-${at}` })),
    }));
  const listed = owners.flatMap(({ keys }) => keys);
  const sent: LeakReport[] = made?.sent ?? [];
  const left: Record<string, number | null> = { ...faulty, date: null, own: null };
  /** Fails once, at the call whose number was drawn. */
  const fails = (name: keyof Faults): boolean => {
    const count = left[name];
    if (typeof count !== 'number') return false;
    left[name] = count === 0 ? null : count - 1;
    return count === 0;
  };
  const broken = { ok: false, reason: 'HTTP 500', status: 500, retryable: false } as const;
  const bucket = made?.bucket ?? memoryBucket();
  const { firstName, store } = bucket.failing(fails);
  const deps: SweepDeps = {
    devin: {
      listServiceUsers: async (after) => {
        if (fails('listUsers')) return broken;
        const from = Number(after ?? 0);
        const shown = owners.filter(({ isListed }) => isListed);
        const next = from + pageSize < shown.length ? String(from + pageSize) : null;
        const date = Date.now() + faulty.date * 1_000;
        return { ok: true, users: shown.slice(from, from + pageSize), next, total: shown.length, date };
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
    notify: async () => true,
    notifyOwner: async () => true,
    // Pages of the plan of one listing, and of several.
    pageUsers: pageSize + (world.policy.exemptEvery % 3) * 4,
    planDays: 7,
    dryRun: false,
    requestId: 'request',
    deadline: Date.now() + 60_000,
  };
  const find = (id: string) => {
    const by = owners.find(({ keys }) => keys.some(({ api_key_id }) => api_key_id === id));
    const found = by?.keys.find(({ api_key_id }) => api_key_id === id);
    if (by === undefined || found === undefined) throw new Error(`there is no key ${id}`);
    return { key: found, owner: by };
  };
  const every = (index: number, step: number): boolean => step > 0 && index % step === 0;
  /** What people do between a plan and its release. */
  const change = (what: {
    renewedOwners: number;
    usedKeys: number;
    revokedKeys: number;
    removedOwners: number;
  }): void => {
    const now = Math.floor(Date.now() / 1_000);
    owners.forEach((by, index) => {
      if (every(index, what.renewedOwners)) by.expires_at = null;
      if (every(index + 1, what.removedOwners)) by.isListed = false;
    });
    listed.forEach((one, index) => {
      if (every(index, what.usedKeys)) one.last_used_at = now;
      if (every(index + 1, what.revokedKeys)) Object.assign(one, { revoked_at: now, is_active: false });
    });
  };
  return { deps, find, listed, owners, sent, bucket, change };
}
