import { expect, test } from 'vitest';
import { counted, PREDICTORS, SURE } from '../../../lib/identify/experiment/predict.ts';
import { Processes, SHIFTS } from '../../../lib/identify/experiment/processes.ts';

test.each([
  [0, 0, 0.5],
  [1, 0, 0.75],
  [9, 0, 0.95],
  [3, 1, 0.7],
  [2, 2, 0.5],
  [0, 9, 0.5],
])('%i right and %i wrong are counted as a chance of %f, never below one half', (right, wrong, chance) => {
  expect(counted(right, wrong)).toBeCloseTo(chance, 12);
});

test('the weights of predictors and of shifts sum to 1', () => {
  expect(PREDICTORS.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(SHIFTS.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(new Set(SHIFTS.map(({ ms }) => ms)).size).toBe(SHIFTS.length);
  expect(SURE).toBeLessThan(1);
});

test('a bet on the coin and a bet on the part have the mean 1 at any time', () => {
  const bets = {
    coin: (p: Processes, s: 0 | 1, c: 0 | 1) => p.betOnCoin(3, s, c),
    part: (p: Processes, s: 0 | 1, c: 0 | 1) => p.betOnPart(3, s, c),
  };
  const history = [1, 0, 1, 1, 0, 0, 1, 1] as const;
  for (const bet of Object.values(bets)) {
    for (let length = 0; length <= history.length; length++) {
      for (const shown of [0, 1] as const) {
        const [before, tails, heads] = [0, 1, 2].map(() => {
          const processes = new Processes();
          history.slice(0, length).forEach((coin, at) => {
            bet(processes, at % 3 === 0 ? 1 : 0, coin);
          });
          return processes;
        });
        bet(tails!, shown, 0);
        bet(heads!, shown, 1);

        expect((tails!.average() + heads!.average()) / 2).toBeCloseTo(before!.average(), 12);
      }
    }
  }
});
