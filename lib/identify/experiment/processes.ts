import { counted, PREDICTORS, SURE } from './predict.ts';

/** How far the clock of the values may be from the `Date` header, both ways, with each distance's weight. */
const SHIFT_STEP_MS = 500;
const SHIFT_WEIGHTS = [0.4, 0.1, 0.06, 0.05, 0.03, 0.03, 0.03] as const;
export const SHIFTS: readonly { readonly ms: number; readonly weight: number }[] = SHIFT_WEIGHTS.flatMap(
  (weight, step) => {
    const ahead = { ms: step * SHIFT_STEP_MS, weight };
    return step === 0 ? [ahead] : [ahead, { ms: -ahead.ms, weight }];
  },
);

const SIZE = PREDICTORS.length;

/**
 * The average over shifts and predictors of products of bets, for one key and one lag. All of them go through the same
 * slots in the same order, so that the average is a martingale where each of them is.
 */
export class Processes {
  /** By shift and predictor: weight times the product of the bets. */
  readonly #products = Float64Array.from(
    SHIFTS.flatMap(({ weight }) => PREDICTORS.map((predictor) => weight * predictor.weight)),
  );
  /** By shift, shown and whether the coin was the same: how often it was so. */
  readonly #coins = new Float64Array(SHIFTS.length * 4);
  readonly #parts = new Float64Array(SHIFTS.length * 4);

  /** Bets on a slot's coin: `shown` says that a use in it was seen. */
  betOnCoin(shift: number, shown: 0 | 1, coin: 0 | 1): void {
    const byCounts = count(this.#coins, shift * 4 + shown * 2, coin === shown);
    const bySure = sure(coin === shown);
    for (let index = 0; index < SIZE; index++) {
      const kind = shown === 1 ? PREDICTORS[index]?.shown : PREDICTORS[index]?.hidden;
      this.#multiply(shift * SIZE + index, kind === 'sure' ? bySure : byCounts);
    }
  }

  /** Bets on the part in which the token was used: `shownEarly` says that the first part's look saw a use. */
  betOnPart(shift: number, shownEarly: 0 | 1, part: 0 | 1): void {
    const isRight = part === 1 - shownEarly;
    const byCounts = count(this.#parts, shift * 4 + shownEarly * 2, isRight);
    const bySure = sure(isRight);
    for (let index = 0; index < SIZE; index++)
      this.#multiply(shift * SIZE + index, PREDICTORS[index]?.part === 'sure' ? bySure : byCounts);
  }

  average(): number {
    let sum = 0;
    for (let at = 0; at < this.#products.length; at++) sum += this.#products[at] ?? 0;
    return sum;
  }

  #multiply(at: number, bet: number): void {
    this.#products[at] = (this.#products[at] ?? 0) * bet;
  }
}

function sure(isRight: boolean): number {
  return 2 * (isRight ? SURE : 1 - SURE);
}

/** The bet by counts of earlier slots; then counts this one, so that no bet knows its own coin. */
function count(counts: Float64Array, at: number, isRight: boolean): number {
  const right = counts[at] ?? 0;
  const wrong = counts[at + 1] ?? 0;
  const chance = counted(right, wrong);
  if (isRight) counts[at] = right + 1;
  else counts[at + 1] = wrong + 1;
  return 2 * (isRight ? chance : 1 - chance);
}
