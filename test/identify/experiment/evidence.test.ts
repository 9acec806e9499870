import { describe, expect, test } from 'vitest';
import { Evidence, LAGS, type Slot } from '../../../lib/identify/experiment/evidence.ts';
import { type Plan, planSlots } from '../../../lib/identify/experiment/plan.ts';
import { generator } from '../../simulation/generator.ts';

const SECOND = 1_785_400_000;
const look = (ms: number) => ({ sent: SECOND * 1_000, answered: SECOND * 1_000 + ms, apiSecond: SECOND });
/** Slots of two parts, of one, and of two seconds. */
const plans: [string, Plan][] = [60, 400, 900].map((ms) => {
  const plan = planSlots([look(ms)], SECOND * 1_000);
  return [`${plan.parts} parts of ${plan.partMs} ms`, plan];
});
const fast = plans[0]![1];

/** What each lag begins with: a quarter of a share is kept for those that follow a failed look. */
const SHARES = LAGS.map(({ share }, lag) => (lag === 0 ? share : 0.75 * share));

type Coins = Pick<Slot, 'part'> & { coin: 0 | 1 };

/** All that the coins of so many slots can say. */
function* allCoins(slots: number, parts: 1 | 2): Generator<Coins[]> {
  const outcomes = 2 * parts;
  for (let number = 0; number < outcomes ** slots; number++) {
    yield Array.from({ length: slots }, (_, slot) => {
      const outcome = Math.floor(number / outcomes ** slot) % outcomes;
      return { coin: outcome & 1 ? 1 : 0, part: outcome & 2 ? 1 : 0 };
    });
  }
}

/** The scores, after each slot and by lag, of a key that shows a value at each look. */
function allScores(
  plan: Plan,
  coins: readonly Coins[],
  shows: (slot: number, part: number, coins: readonly Coins[]) => number | null,
  before = SECOND - 1_000,
): number[][] {
  const evidence = new Evidence(1);
  evidence.startSegment(plan, [before], false);
  return coins.map((coin, slot) => {
    const values = Array.from({ length: plan.parts }, (_, part) => shows(slot, part, coins));
    evidence.add({ ...coin, seen: values.map((value) => (value === null ? null : [value])) });
    return [...evidence.scores()[0]!];
  });
}

function scoresOf(...args: Parameters<typeof allScores>): number[] {
  return allScores(...args).at(-1)!;
}

function meanScores(plan: Plan, slots: number, shows: Parameters<typeof scoresOf>[2]): number[] {
  const sums = LAGS.map(() => 0);
  let number = 0;
  for (const coins of allCoins(slots, plan.parts)) {
    number++;
    scoresOf(plan, coins, shows).forEach((score, lag) => {
      sums[lag]! += score;
    });
  }
  return sums.map((sum) => sum / number);
}

/** What a key shows that does not know of our coins: values up to a few seconds ago or ahead. */
function drawRecord(seed: number, plan: Plan): (slot: number, part: number) => number {
  const random = generator(seed);
  const share = random();
  const age = Math.floor(random() * 7) - 3;
  let value = SECOND - 500;
  const values = Array.from({ length: 40 }, (_, at) => {
    const now = SECOND + Math.floor(((at / plan.parts) * plan.slotMs) / 1_000) + 1;
    if (random() < share) value = now - age;
    return value;
  });
  return (slot, part) => values[slot * plan.parts + part]!;
}

/** A key that shows our uses and nothing else, at once. */
function showsUses(plan: Plan, offset = 0) {
  return (slot: number, part: number, coins: readonly Coins[]): number => {
    const used = coins
      .slice(0, slot + 1)
      .findLastIndex((c, at) => c.coin === 1 && (at < slot || c.part <= part));
    if (used < 0) return SECOND - 1_000;
    const at = plan.startMs + used * plan.slotMs + coins[used]!.part * plan.partMs + plan.offsetMs;
    return Math.floor(at / 1_000) + offset;
  };
}

function draw(slots: number, seed: number, parts: 1 | 2): Coins[] {
  const random = generator(seed);
  return Array.from({ length: slots }, () => ({
    coin: random() < 0.5 ? 1 : 0,
    part: parts === 2 && random() < 0.5 ? 1 : 0,
  }));
}

describe('the evidence', () => {
  test.each(plans)('has the mean of its share over all coins, whatever a key shows: %s', (_, plan) => {
    for (let seed = 1; seed <= 12; seed++) {
      const means = meanScores(plan, plan.parts === 2 ? 5 : 9, drawRecord(seed, plan));
      means.forEach((mean, lag) => {
        expect(mean).toBeCloseTo(SHARES[lag]!, 10);
      });
    }
  });

  test.each(plans)('reaches c for at most one in c of all coins: %s', (_, plan) => {
    for (let seed = 1; seed <= 12; seed++) {
      const record = drawRecord(seed, plan);
      const highest: number[] = [];
      for (const coins of allCoins(plan.parts === 2 ? 5 : 9, plan.parts)) {
        const scores = allScores(plan, coins, record).map(([score]) => score!);
        highest.push(Math.max(...scores) / LAGS[0].share);
      }
      for (const c of [1.5, 2, 4, 8, 16])
        expect(highest.filter((high) => high >= c).length / highest.length).toBeLessThanOrEqual(1 / c);
    }
  });

  test.each(plans)('gains nothing where our uses choose which looks fail: %s', (_, plan) => {
    const slots = plan.parts === 2 ? 5 : 8;
    for (let seed = 1; seed <= 30; seed++) {
      const record = drawRecord(seed, plan);
      const random = generator(seed * 77);
      // Whether a use in a slot makes its own look fail, the one after it, …
      const breaks = Array.from({ length: slots * 4 }, () => random() < 0.4);
      const means = meanScores(plan, slots, (slot, part, coins) => {
        const look = slot * plan.parts + part;
        const isBroken = coins.some((coin, used) => {
          const distance = look - used * plan.parts - coin.part;
          return coin.coin === 1 && distance >= 0 && distance < 4 && breaks[used * 4 + distance];
        });
        return isBroken ? null : record(slot, part);
      });
      means.forEach((mean, lag) => {
        expect(mean).toBeLessThanOrEqual(LAGS[lag]!.share + 1e-10);
      });
    }
  });

  test.each(plans)('never grows for a key that shows when the token was not used: %s', (_, plan) => {
    const opposite = (coins: readonly Coins[]): Coins[] =>
      coins.map(({ coin, part }) => ({ coin: coin === 1 ? 0 : 1, part: part === 1 ? 0 : 1 }));
    for (let seed = 1; seed <= 50; seed++) {
      const coins = draw(40, seed, plan.parts);
      const scores = scoresOf(plan, coins, (slot, part) => showsUses(plan)(slot, part, opposite(coins)));
      expect(scores[0]).toBeLessThan(1);
    }
  });

  test('notices when what a key shows depends on the coins: then the mean is far above its share', () => {
    const [mean] = meanScores(fast, 5, showsUses(fast));

    expect(mean).toBeGreaterThan(10 * LAGS[0].share);
  });

  test.each([
    ['at once', 0, 20],
    ['by a clock that is 2 s ahead', 2, 24],
    ['by a clock that is 3 s behind', -3, 24],
  ])('names a key that shows our uses %s', (_, offset, slots) => {
    const scores = scoresOf(fast, draw(slots, 7, 2), showsUses(fast, offset));

    expect(Math.max(...scores)).toBeGreaterThan(5e6);
  });

  test('has shares of the permitted error that sum to one', () => {
    expect(LAGS.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test('judges no slot whose window shows a value already', () => {
    const coins = draw(10, 3, 2);

    // The key is two minutes ahead.
    expect(scoresOf(fast, coins, (slot) => SECOND + 120 + slot, SECOND + 119)).toEqual(
      SHARES.map((share) => expect.closeTo(share, 12)),
    );
  });

  test('judges no slot without a coin', () => {
    const evidence = new Evidence(2);
    evidence.startSegment(fast, [null, SECOND], false);
    for (let slot = 0; slot < 100; slot++)
      evidence.add({ coin: null, part: 0, seen: [[SECOND + slot, SECOND], null] });

    const restarted = LAGS.map(({ share }, lag) => (lag === 0 ? share : 0.75 * share * 0.25 ** 100));
    for (const scores of evidence.scores())
      expect([...scores]).toEqual(restarted.map((share) => expect.closeTo(share, 12)));
  });

  test('begins anew with a lag when a look failed, and when calls were refused', () => {
    const coins = draw(30, 5, 2);
    const late = (slot: number, part: number) =>
      slot < 2 ? SECOND - 1_000 : showsUses(fast)(slot - 2, part, coins);
    const undisturbed = scoresOf(fast, coins, late);
    const disturbed = scoresOf(fast, coins, (slot, part) =>
      slot === 20 && part === 0 ? null : late(slot, part),
    );

    expect(undisturbed[2]).toBeGreaterThan(1e6);
    expect(disturbed[2]).toBeLessThan(1e3);
    // Three seconds after the failed look, each slot that could be judged began before it.
    const [at23, at24] = [24, 25].map((slots) =>
      scoresOf(fast, coins.slice(0, slots), (slot, part) =>
        slot === 20 && part === 0 ? null : late(slot, part),
      ),
    );
    expect(at23![2]).toBeCloseTo(0.1 * 0.75 * 0.25, 12);
    expect(at24![2]).not.toBeCloseTo(0.1 * 0.75 * 0.25, 12);

    const evidence = new Evidence(1);
    evidence.startSegment(fast, [SECOND - 1_000], false);
    coins.forEach((coin, slot) => {
      evidence.add({ ...coin, seen: [[late(slot, 0)], [late(slot, 1)]] });
    });
    const before = [...evidence.scores()[0]!];
    evidence.startSegment(fast, [SECOND + 100], false);
    expect([...evidence.scores()[0]!]).toEqual(before);
    evidence.startSegment(fast, [SECOND + 100], true);
    expect(evidence.scores()[0]![0]).toBe(before[0]);
    expect(evidence.scores()[0]![2]).toBeCloseTo(0.1 * 0.75 * 0.25, 12);
  });

  test('reaches no more than it says it can', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const coins = draw(30, seed, 2);
      const evidence = new Evidence(1);
      evidence.startSegment(fast, [SECOND - 1_000], false);
      const reachable: number[] = [];
      coins.forEach((coin, slot) => {
        reachable.push(evidence.reachable(coins.length - slot));
        evidence.add({ ...coin, seen: [0, 1].map((part) => [showsUses(fast)(slot, part, coins)]) });
      });
      const reached = Math.max(...evidence.scores()[0]!);

      expect(Math.min(...reachable)).toBeGreaterThanOrEqual(reached);
      expect(evidence.reachable(0)).toBe(reached);
    }
  });
});
