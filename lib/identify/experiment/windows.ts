import { type Plan, windowStart } from './plan.ts';
import { SHIFTS } from './processes.ts';

/** Which values of `last_used_at` count as a use in a slot, by shift of the clocks. */
export class Windows {
  readonly plan: Plan;
  readonly #starts: number[] = [];
  readonly #coins: (0 | 1 | null)[] = [];
  readonly #isShared: readonly boolean[];

  constructor(plan: Plan) {
    this.plan = plan;
    this.#isShared = SHIFTS.map(
      ({ ms }) => plan.parts === 2 && windowStart(plan, 0, 0, ms) === windowStart(plan, 0, 1, ms),
    );
  }

  get slots(): number {
    return this.#coins.length;
  }

  /** Adds the next slot. */
  add(coin: 0 | 1 | null, part: 0 | 1): void {
    for (const { ms } of SHIFTS) this.#starts.push(windowStart(this.plan, this.slots, part, ms));
    this.#coins.push(coin);
  }

  /** Epoch milliseconds of the API's clock. */
  start(slot: number, shift: number): number {
    return this.#starts[slot * SHIFTS.length + shift] ?? Number.POSITIVE_INFINITY;
  }

  /** A use in either part of a slot leaves the same value behind. */
  isShared(shift: number): boolean {
    return this.#isShared[shift] === true;
  }

  /** A use of ours in the slot before it belongs to the same window. */
  isTaken(slot: number, shift: number): boolean {
    return this.#coins[slot - 1] === 1 && this.start(slot - 1, shift) === this.start(slot, shift);
  }

  /** The slots so far whose windows a value lies in. */
  slotsOf(value: number, shift: number): number[] {
    const { offsetMs, slotMs, startMs, windowMs } = this.plan;
    const first = startMs + offsetMs + (SHIFTS[shift]?.ms ?? 0);
    // A window begins up to a second before the slot's first use arrives, or as long after it in the second part.
    const from = Math.max(0, Math.floor((value - windowMs - 1_000 - first) / slotMs));
    const to = Math.min(this.slots - 1, Math.ceil((value + 1_000 - first) / slotMs));
    const found: number[] = [];
    for (let slot = from; slot <= to; slot++) {
      const start = this.start(slot, shift);
      if (start <= value && value < start + windowMs) found.push(slot);
    }
    return found;
  }
}
