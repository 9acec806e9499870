import { SHIFTS } from './processes.ts';
import type { Windows } from './windows.ts';

/** What one key showed in one segment. */
export class Trace {
  #last: number | null;
  /** Epoch milliseconds of the API's clock. */
  #latest: number;
  /** By slot: the latest value at the looks before it. */
  readonly #before: number[] = [];
  /** By slot and shift: the number of the look at which a value was first seen in the window. */
  readonly #firstSeen: number[] = [];

  /** @param value UNIX seconds, before the first slot */
  constructor(value: number | null) {
    this.#last = value;
    this.#latest = value === null ? Number.NEGATIVE_INFINITY : toMs(value);
  }

  /** Adds the next slot, which the windows know already. A look that failed is `undefined`. */
  add(windows: Windows, values: readonly (number | null | undefined)[]): void {
    this.#before.push(this.#latest);
    for (let shift = 0; shift < SHIFTS.length; shift++) this.#firstSeen.push(Number.POSITIVE_INFINITY);
    const firstLook = (windows.slots - 1) * windows.plan.parts;
    values.forEach((value, part) => {
      if (typeof value === 'number' && value !== this.#last)
        this.#see(windows, firstLook + part, toMs(value));
      this.#last = value ?? this.#last;
    });
  }

  /** The latest value at the looks before a slot, epoch milliseconds. */
  before(slot: number): number {
    return this.#before[slot] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a use in a slot was seen by the look of that number. */
  isShown(slot: number, shift: number, look: number): boolean {
    return (this.#firstSeen[slot * SHIFTS.length + shift] ?? Number.POSITIVE_INFINITY) <= look;
  }

  #see(windows: Windows, look: number, value: number): void {
    this.#latest = Math.max(this.#latest, value);
    for (let shift = 0; shift < SHIFTS.length; shift++) {
      for (const slot of windows.slotsOf(value, shift)) {
        const at = slot * SHIFTS.length + shift;
        this.#firstSeen[at] = Math.min(this.#firstSeen[at] ?? Number.POSITIVE_INFINITY, look);
      }
    }
  }
}

/** Values finer than a second are cut to it. */
function toMs(value: number): number {
  return Math.floor(value) * 1_000;
}
