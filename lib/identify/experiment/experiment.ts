import { Evidence, LAGS, type Slot, type Values } from './evidence.ts';
import type { Plan } from './plan.ts';

/** Slots by one plan. An experiment that slows down, or goes on later, has several. */
export interface Segment {
  readonly plan: Plan;
  /** What each candidate shows before the first slot. */
  readonly before: Values;
  /** The segment before it ended since calls were refused. */
  readonly isAfterFailure: boolean;
  readonly slots: readonly Slot[];
}

/** All that an experiment was and saw, as plain JSON: its evidence can be computed again from it at any time. */
export interface ExperimentLog {
  readonly candidates: readonly string[];
  /** The most that the probability of naming a wrong key may be. */
  readonly alpha: number;
  readonly segments: readonly Segment[];
}

/** How strong the evidence for a key is. */
export interface Likelihood {
  readonly api_key_id: string;
  /** The decimal logarithm of its highest score. */
  readonly log10: number;
  /** The lag of that score: after so many seconds our uses show best. */
  readonly lag_seconds: number;
}

/** An experiment as it grows. */
export class Experiment {
  readonly candidates: readonly string[];
  readonly alpha: number;
  /** A key whose score reaches it is named. */
  readonly bound: number;
  readonly #evidence: Evidence;
  readonly #segments: (Omit<Segment, 'slots'> & { readonly slots: Slot[] })[] = [];

  constructor({ alpha, candidates, segments }: ExperimentLog) {
    this.candidates = candidates;
    this.alpha = alpha;
    this.bound = candidates.length / alpha;
    this.#evidence = new Evidence(candidates.length);
    for (const { before, isAfterFailure, plan, slots } of segments) {
      this.startSegment(plan, before, isAfterFailure);
      for (const slot of slots) this.add(slot);
    }
  }

  startSegment(plan: Plan, before: Values, isAfterFailure: boolean): void {
    this.#segments.push({ plan, before, isAfterFailure, slots: [] });
    this.#evidence.startSegment(plan, before, isAfterFailure);
  }

  add(slot: Slot): void {
    this.#segments.at(-1)?.slots.push(slot);
    this.#evidence.add(slot);
  }

  /** The key whose score reaches the bound. The caller stops there. */
  named(): string | undefined {
    const scores = this.#evidence.scores().map((byLag) => Math.max(...byLag));
    const highest = Math.max(...scores);
    return highest >= this.bound ? this.candidates[scores.indexOf(highest)] : undefined;
  }

  /** Whether no key can reach the bound within so many more slots. */
  isFutile(slots: number): boolean {
    return this.#evidence.reachable(slots) < this.bound;
  }

  /** The most likely key first. */
  likelihoods(): Likelihood[] {
    return this.#evidence
      .scores()
      .map((byLag, index) => {
        const highest = Math.max(...byLag);
        return {
          api_key_id: this.candidates[index] ?? '',
          log10: finite(Math.log10(highest)),
          lag_seconds: LAGS[byLag.indexOf(highest)]?.seconds ?? 0,
        };
      })
      .sort((a, b) => b.log10 - a.log10);
  }

  log(): ExperimentLog {
    return { candidates: this.candidates, alpha: this.alpha, segments: this.#segments };
  }
}

/** JSON has no infinity. */
function finite(log10: number): number {
  return Math.max(-300, Math.round(log10 * 1_000) / 1_000);
}
