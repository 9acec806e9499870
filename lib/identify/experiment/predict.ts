/**
 * How each predictor bets. A bet multiplies by `P(coin | shown) / 0.5`, where `P` comes from earlier slots alone.
 *
 * None of them ever gives `coin = shown` less than one half. So what makes a value *less* likely to be seen after heads
 * (a shared rate limit that holds a sibling back, a look that fails because the token was used) can only lower the mean
 * of a bet: with `s1 <= s0` for what is seen after heads and after tails, `P(1 | s1) + P(0 | s0) <= 1`.
 */
export const PREDICTORS = [
  /** `shown` is the coin: an idle key. */
  { weight: 0.5, hidden: 'sure', shown: 'sure', part: 'sure' },
  /** What does not show was tails, what shows may have been others: a key that is in use. */
  { weight: 0.3, hidden: 'sure', shown: 'counted', part: 'counted' },
  /** By counts: a key whose uses are stored now and then. */
  { weight: 0.2, hidden: 'counted', shown: 'counted', part: 'counted' },
] as const;

/** What a predictor that is sure gives to `coin = shown`. */
export const SURE = 0.98;

/**
 * Krichevsky and Trofimov's estimate that the coin is what is shown, at least one half.
 *
 * @param equal earlier slots with this `shown` whose coin was the same
 * @param other those whose coin was not
 */
export function counted(equal: number, other: number): number {
  return Math.max(0.5, (equal + 0.5) / (equal + other + 1));
}
