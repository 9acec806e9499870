import type { SweepResult } from '../../../lib/sweep/keys/deps.ts';
import type { Ended } from './container.ts';
import type { Enterprise } from './enterprise.ts';
import type { SweepLedger } from './sweep-ledger.ts';
import type { SweepSurroundings } from './sweep-surroundings.ts';

const SECOND = 1_000;

/** Who invokes the sweep of the keys: its schedule, its queue, and the people who stop it or release a plan. */
export class SweepOrders {
  readonly #world: SweepSurroundings;
  readonly #enterprise: Enterprise;
  readonly #ledger: SweepLedger;
  readonly #released = new Set<string>();
  readonly #stopped = new Set<string>();
  #stopsLeft: number;

  constructor(world: SweepSurroundings, enterprise: Enterprise, ledger: SweepLedger) {
    this.#world = world;
    this.#enterprise = enterprise;
    this.#ledger = ledger;
    const { stop } = enterprise.plan;
    this.#stopsLeft = stop === undefined ? 0 : stop.again ? 2 : 1;
    let isStopPlanned = false;
    ledger.onMoment = (moment, apiKeyId) => {
      enterprise.mayChange(apiKeyId);
      if (isStopPlanned || stop?.moment !== moment) return;
      isStopPlanned = true;
      world.schedule(stop.after, () => this.#stop(stop.lasts));
    };
  }

  /** Sets the schedule. */
  begin(): void {
    const { at, isDueAgainAfter } = this.#enterprise.plan;
    this.#world.schedule(at, () => this.#isDue());
    if (isDueAgainAfter !== undefined) this.#world.schedule(at + isDueAgainAfter, () => this.#isDue());
  }

  #isDue(): void {
    const { deliversAgainAfter } = this.#enterprise.plan;
    const scheduled_at = new Date(this.#world.time).toISOString().replace(/\.\d+Z$/, 'Z');
    this.#deliver({ scheduled_at });
    if (deliversAgainAfter === undefined) return;
    this.#world.schedule(deliversAgainAfter, () => {
      this.#world.ledger.fault('sweep delivered twice', [], scheduled_at);
      this.#deliver({ scheduled_at });
    });
  }

  /** Lambda invokes the function three times in all. */
  #deliver(event: { readonly scheduled_at: string }, left = 2): void {
    this.#world.invoke('sweep-keys', event, [], (ended) => {
      if (this.onEnd(ended)) return;
      if (left > 0)
        this.#world.schedule(left === 2 ? 60 * SECOND : 120 * SECOND, () => this.#deliver(event, left - 1));
      else this.#onDropped(event.scheduled_at);
    });
  }

  #onDropped(scheduledAt: string): void {
    const stamp = scheduledAt.replace(/[-:]/g, '');
    for (const [planId, { status }] of this.#ledger.plans)
      if (planId.startsWith(stamp) && status === undefined) this.#ledger.onEnd(planId, 'dropped');
  }

  /** @returns whether it was answered */
  onEnd(ended: Ended): boolean {
    if (ended.how !== 'answered') return false;
    const result = ended.answer as SweepResult;
    if (result.status === 'stop_set' || result.status === 'stop_lifted') return true;
    const { plan_id, status } = result as Extract<SweepResult, { plan_id: string }>;
    this.#ledger.onEnd(plan_id, status);
    if (status === 'stopped') this.#stopped.add(plan_id);
    if (status === 'blocked' || status === 'report') this.#mayRelease(plan_id);
    return true;
  }

  #mayRelease(planId: string): void {
    if (!this.#enterprise.plan.isReleased || this.#released.has(planId)) return;
    this.#released.add(planId);
    this.#world.schedule(this.#world.chance.whole(5, 600) * SECOND, () => {
      const plan = this.#ledger.plans.get(planId);
      if (plan === undefined) return;
      plan.isReleased = true;
      this.#order({ release: planId, reason: 'a person has looked at it' }, 3);
    });
  }

  #stop(lastsMs: number): void {
    this.#stopsLeft -= 1;
    this.#order({ stop: 'a person looks at it' }, 100, () => {
      this.#world.ledger.fault('sweep stopped', [], 'by a person');
      this.#ledger.isStopped = true;
      this.#world.schedule(lastsMs, () => this.#resume(lastsMs));
    });
  }

  #resume(lastsMs: number): void {
    this.#ledger.isStopped = false;
    this.#order({ resume: 'a person has looked at it' }, 100, () => {
      if (this.#stopsLeft > 0) {
        this.#world.schedule(2 * SECOND, () => this.#stop(lastsMs));
        return;
      }
      for (const planId of this.#stopped) this.#order({ continue: planId }, 3);
      this.#stopped.clear();
    });
  }

  /** A person who gets no answer tries again. */
  #order(event: object, tries: number, onDone: () => void = () => {}): void {
    this.#world.invoke('sweep-keys', event, [], (ended) => {
      if (this.onEnd(ended)) onDone();
      else if (tries > 1) this.#world.schedule(20 * SECOND, () => this.#order(event, tries - 1, onDone));
    });
  }
}
