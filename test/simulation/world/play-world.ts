import type { Violation } from './ledger.ts';
import { drawPlan, type Plan } from './plan.ts';
import type { Realm } from './realm.ts';
import { stage } from './stage.ts';
import { World, type WorldHooks } from './world.ts';

export interface Played {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly story: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly checks: ReadonlyMap<string, number>;
  /** How each report ended, and the kinds of faults that it met. */
  readonly reports: readonly { readonly status: string; readonly faults: readonly string[] }[];
  /** How each sweep of keys ended. */
  readonly sweeps: readonly string[];
  /** Keys that sweeps revoked. */
  readonly swept: number;
  readonly requests: number;
  readonly steps: number;
  readonly seconds: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A world that is not at rest by then never will be. */
const GIVE_UP = 30 * HOUR;
const MAX_STEPS = 60_000;

/** Plays one seed until all is settled, and holds it to the invariants. */
export async function playWorld(
  seed: number,
  realm: Realm,
  { plan = drawPlan(seed), ...hooks }: WorldHooks & { readonly plan?: Plan } = {},
): Promise<Played> {
  const world = new World(seed, plan, realm, hooks);
  await world.open();
  const { ledger, scheduler } = world;
  schedule(world);
  let lastSweep = 0;
  let rounds = 0;
  for (;;) {
    const hasMore = await scheduler.step();
    if (ledger.violations.length > 0 || scheduler.steps > MAX_STEPS) break;
    if (hasMore) continue;
    // Nothing is under way. The schedules go on until they have nothing left to do.
    if (scheduler.now >= plan.faultsEnd && ledger.isSettled() && ledger.isSigned() && rounds >= 1) break;
    if (scheduler.now > GIVE_UP) break;
    rounds = scheduler.now >= plan.faultsEnd ? rounds + 1 : 0;
    const next = Math.max(scheduler.now + 1_000, lastSweep + 15 * MINUTE);
    lastSweep = next;
    scheduler.at(next, world, () => {
      sweep(world);
      if (!ledger.isSigned()) signDay(world);
    });
  }
  ledger.atEnd(scheduler.steps <= MAX_STEPS);
  return {
    seed,
    violations: ledger.violations,
    story: ledger.story,
    faults: ledger.faults,
    checks: ledger.checks,
    reports: [...ledger.reports.values()].map(({ faults, status = 'none' }) => ({
      status,
      faults: [...faults],
    })),
    sweeps: [...(ledger.sweeps?.plans.values() ?? [])].map(({ status = 'none' }) => status),
    swept: ledger.sweeps?.deaths.size ?? 0,
    requests: world.network.requests,
    steps: scheduler.steps,
    seconds: scheduler.now / 1_000,
  };
}

function sweep(world: World): void {
  world.invoke('sweep-alerts', {}, [], () => {});
  world.invoke('reconcile', {}, [], () => {});
}

function signDay(world: World): void {
  world.invoke('digest', {}, [], () => {});
}

function schedule(world: World): void {
  const { chance, devin, ledger, plan, scheduler, secrets } = world;
  const at = (time: number, run: () => void) => scheduler.at(time, world, run);
  for (const { at: time, kind } of plan.leaks) at(time, () => stage(kind, world));
  if (chance.happens(0.3)) at(chance.whole(5_000, 60_000), () => sweep(world));
  if (plan.beginsAtMs > 12 * HOUR) at(24.5 * HOUR - plan.beginsAtMs, () => signDay(world));
  const { adminRotation, clockJump, lockout, webhookRotation } = plan;
  if (adminRotation !== undefined) {
    at(adminRotation.at, () => {
      ledger.fault('admin token rotated', [...ledger.reports.keys()], 'secrets');
      const { api_key_id } = world.admin;
      world.renewAdmin();
      world.schedule(adminRotation.graceMs, () => {
        ledger.revokedByOthers.add(api_key_id);
        devin.revoke(api_key_id);
      });
    });
  }
  if (webhookRotation !== undefined) {
    at(webhookRotation, () => {
      ledger.fault('webhook secret rotated', [], 'secrets');
      const next = chance.bytes(32).toString('hex');
      ledger.guard(next);
      secrets.put('webhook-secret', next);
      // GitHub learns of it later.
      world.schedule(chance.whole(0, 30_000), () => {
        world.webhookSecret = next;
      });
    });
  }
  if (lockout !== undefined) {
    at(lockout.from, () => {
      ledger.fault('devin 401 to everybody', [...ledger.reports.keys()], 'all');
      devin.authenticateNobody = true;
    });
    at(lockout.to, () => {
      devin.authenticateNobody = false;
    });
  }
  if (clockJump !== undefined) {
    at(clockJump.at, () => ledger.fault('clock jumps back', [...ledger.reports.keys()], 'functions'));
  }
}
