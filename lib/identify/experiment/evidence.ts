import type { Plan } from './plan.ts';
import { Processes, SHIFTS } from './processes.ts';
import { Trace } from './trace.ts';
import { Windows } from './windows.ts';

/**
 * How many seconds after a slot's own looks its coin is judged, by one process each for every key, with the share of the
 * permitted error that the process has. All of them judge the same coins, at different times.
 */
export const LAGS = [
  { seconds: 0, share: 0.4 },
  { seconds: 1, share: 0.1 },
  { seconds: 3, share: 0.1 },
  { seconds: 6, share: 0.1 },
  { seconds: 12, share: 0.1 },
  { seconds: 24, share: 0.1 },
  { seconds: 48, share: 0.1 },
] as const;

/** Each candidate's `last_used_at` at one look, UNIX seconds. */
export type Values = readonly (number | null)[];

/** One slot as it went. */
export interface Slot {
  /** 1: heads, the token was to be used. `null`: no coin was tossed, since it was too late for the slot. */
  readonly coin: 0 | 1 | null;
  /** The part in which it was to be used, by a coin of its own. */
  readonly part: 0 | 1;
  /** The look of each part. `null`: it failed. */
  readonly seen: readonly (Values | null)[];
}

/** The part of a lag's share that its first processes have, and those after each restart, of what was left. */
const RESTART_SHARE = 0.75;

/** One candidate. */
interface KeyState {
  trace: Trace;
  /** By lag. They go through all segments. */
  processes: readonly Processes[];
  /** By lag: its share times its average. */
  readonly scores: Float64Array;
}

/**
 * The evidence that each candidate is the leaked key, of coins and looks alone: no clock, no I/O.
 *
 * Why a key that is not the leaked one is rarely named. Take as given all that such a key shows, at every moment, and the
 * moments of the looks: neither depends on our coins. Then for each lag, shift and predictor, slot by slot:
 *
 * - whether the slot is judged (`isJudged`) follows from what was shown before it and from earlier coins;
 * - `shown` follows from what the key shows, and the odds of the bet from earlier slots;
 * - the coin is fair, so a bet has the mean `(P(0 | shown) + P(1 | shown)) / 0.5 / 2 = 1`. After heads the coin of the
 *   part is fair as well, and the bet on it has the mean 1 for the same reason.
 *
 * So each product is a non-negative martingale over the slots with mean 1, and so is their average for one lag, since all
 * of them go through the same slots in the same order. By Ville's inequality the average ever reaches `c` with a
 * probability of at most `1 / c`. A lag with share `w` names a key at `candidates / (alpha * w)`, and the shares add up
 * to 1: one key is wrongly named with a probability of at most `alpha / candidates`, any key with at most `alpha`.
 *
 * Looks that fail may depend on our coins, by a rate limit say. The slot that they belong to is judged by what was seen:
 * as long as a use only ever makes looks fail, never succeed, that lowers the mean (see `PREDICTORS`). With a lag, later
 * coins could choose what an earlier slot is judged by. So there each failure ends the process: up to then it had seen all
 * looks, and Ville's inequality holds at whatever time it ends. Another takes its place from the next slot on, with a
 * share of its own; all shares together are those of `LAGS`.
 *
 * Products below 1e-308 become 0, which only lowers them. None overflows: the experiment ends at the first score that
 * reaches the bound, and one slot at most quadruples it.
 */
export class Evidence {
  readonly #keys: readonly KeyState[];
  #windows: Windows | undefined;
  /** In slots. */
  #lags: readonly number[] = [];
  #slots: Slot[] = [];
  #restarts = 0;
  /** With a lag, slots before this one are not judged. */
  #laggedFrom = 0;

  constructor(candidates: number) {
    this.#keys = Array.from({ length: candidates }, () => ({
      trace: new Trace(null),
      processes: LAGS.map(() => new Processes()),
      scores: Float64Array.from(LAGS, (_, lag) => this.#share(lag)),
    }));
  }

  /**
   * Begins slots by a new plan. Slots that are not yet judged never will be.
   *
   * @param values what each candidate shows before the first slot
   * @param isAfterFailure the segment before may have ended for a reason that depends on its coins. When it ended by the
   *   clock, what was gained with a lag stays.
   */
  startSegment(plan: Plan, values: Values, isAfterFailure: boolean): void {
    this.#windows = new Windows(plan);
    this.#lags = LAGS.map(({ seconds }) => Math.ceil((seconds * 1_000) / plan.slotMs));
    this.#slots = [];
    this.#laggedFrom = 0;
    this.#keys.forEach((key, index) => {
      key.trace = new Trace(values[index] ?? null);
    });
    if (isAfterFailure) this.#restartLagged();
  }

  /** Adds the next slot, in order, once each of its looks is there or has failed; judges what is due. */
  add(slot: Slot): void {
    const windows = this.#windows;
    if (windows === undefined) throw new Error('a slot without a segment');
    this.#slots.push(slot);
    windows.add(slot.coin, slot.part);
    const isWhole = slot.coin !== null && slot.seen.every((values) => values !== null);
    this.#keys.forEach((key, index) => {
      key.trace.add(
        windows,
        slot.seen.map((values) => values?.[index]),
      );
      this.#lags.forEach((lag, at) => {
        if (at === 0 || isWhole) this.#judge(windows, key, at, windows.slots - 1 - lag);
      });
    });
    if (!isWhole) this.#restartLagged();
  }

  /** By candidate and lag. The highest of a candidate names it at `candidates / alpha`. */
  scores(): readonly Float64Array[] {
    return this.#keys.map(({ scores }) => scores);
  }

  /**
   * The highest score that any candidate can have after so many more slots: a bet at most doubles it, and without a lag
   * there are two in a slot.
   */
  reachable(slots: number): number {
    const now = this.#slots.length;
    const growth = this.#lags.map(
      (lag, at) => (at === 0 ? 4 : 2) ** Math.max(0, now + slots - Math.max(lag, now)),
    );
    return Math.max(
      ...this.#keys.flatMap(({ scores }) => growth.map((most, at) => (scores[at] ?? 0) * most)),
    );
  }

  #restartLagged(): void {
    this.#restarts += 1;
    this.#laggedFrom = this.#slots.length;
    for (const key of this.#keys) {
      key.processes = key.processes.map((processes, lag) => (lag === 0 ? processes : new Processes()));
      for (let lag = 1; lag < LAGS.length; lag++) key.scores[lag] = this.#share(lag);
    }
  }

  #share(lag: number): number {
    const share = LAGS[lag]?.share ?? 0;
    return lag === 0 ? share : share * RESTART_SHARE * (1 - RESTART_SHARE) ** this.#restarts;
  }

  #judge(windows: Windows, { processes, scores, trace }: KeyState, lag: number, number: number): void {
    const slot = this.#slots[number];
    const process = processes[lag];
    if (slot === undefined || slot.coin === null || process === undefined) return;
    if (lag > 0 && number < this.#laggedFrom) return;
    const { parts } = windows.plan;
    const lastLook = windows.slots * parts - 1;
    for (let shift = 0; shift < SHIFTS.length; shift++) {
      if (!isJudged(windows, trace, number, shift)) continue;
      process.betOnCoin(shift, trace.isShown(number, shift, lastLook) ? 1 : 0, slot.coin);
      // Of a lagging value it cannot be told which part it is of.
      if (slot.coin === 1 && lag === 0 && windows.isShared(shift))
        process.betOnPart(shift, trace.isShown(number, shift, number * parts) ? 1 : 0, slot.part);
    }
    scores[lag] = this.#share(lag) * process.average();
  }
}

/** What shows already, or is to show by an earlier use of ours, says nothing of this coin. */
function isJudged(windows: Windows, trace: Trace, slot: number, shift: number): boolean {
  return !windows.isTaken(slot, shift) && trace.before(slot) < windows.start(slot, shift);
}
