import { describe, expect, test } from 'vitest';
import { Experiment } from '../../../lib/identify/experiment/experiment.ts';
import { lookMoment, useMoment } from '../../../lib/identify/experiment/plan.ts';
import { generator } from '../../simulation/generator.ts';
import type { PlayedExperiment } from '../../simulation/play-experiment.ts';
import { playExperiment, type SimulatedWorld } from '../../simulation/play-experiment.ts';

const idle = { kind: 'idle' } as const;
const busy = { kind: 'random', perSecond: 5 } as const;
const world: SimulatedWorld = { seed: 11, leaked: idle, siblings: [busy, idle, busy, idle] };

const momentsOf = ({ calls }: PlayedExperiment, kind: 'use' | 'look') =>
  calls.flatMap((call) => (call.kind === kind ? [call.at] : []));

describe('an experiment', () => {
  test('names the key that shows our uses, with all that it goes by', async () => {
    const played = await playExperiment(world);

    expect(played).toMatchObject({
      ended: 'found',
      api_key_id: 'leaked',
      alpha: 1e-6,
      candidates: 5,
      lags: 7,
      bound_log10: Math.log10(5e6),
    });
    const [first, ...others] = played.likelihoods;
    expect(first).toMatchObject({ api_key_id: 'leaked', lag_seconds: 0 });
    expect(first!.log10).toBeGreaterThanOrEqual(played.bound_log10);
    expect(others.map(({ log10 }) => log10)).toEqual(
      others.map(({ log10 }) => log10).toSorted((a, b) => b - a),
    );
    expect(Math.max(...others.map(({ log10 }) => log10))).toBeLessThan(1);
    expect(played.uses).toEqual(momentsOf(played, 'use'));
    expect(played.slots).toBeLessThan(30);
    expect(played.seconds).toBeLessThan(30);
  });

  test('looks at the same moments whatever the coins say and however slow the uses are', async () => {
    const quiet = { ...world, siblings: [idle, idle], isUncounted: true };
    const coins = (seed: number) => {
      const random = generator(seed);
      return () => random() < 0.5;
    };
    const one = await playExperiment(quiet, { toss: coins(1), goesOn: true });
    const other = await playExperiment({ ...quiet, slowUses: 7_000 }, { toss: coins(2), goesOn: true });

    expect(one.uses.length).toBeGreaterThan(30);
    expect(other.uses).not.toEqual(one.uses);
    expect(momentsOf(one, 'look').length).toBeGreaterThan(190);
    expect(momentsOf(other, 'look')).toEqual(momentsOf(one, 'look'));
  });

  test('keeps looks and uses to the plan', async () => {
    const played = await playExperiment({ ...world, isUncounted: true });
    const { plan, slots } = played.log.segments[0]!;

    expect(momentsOf(played, 'look').slice(5)).toEqual(
      slots.flatMap((_, slot) => [lookMoment(plan, slot, 0), lookMoment(plan, slot, 1)]),
    );
    expect(played.uses).toEqual(
      slots.flatMap(({ coin, part }, slot) => (coin === 1 ? [useMoment(plan, slot, part)] : [])),
    );
  });

  test('ends at its deadline, open, with the likelihoods', async () => {
    const played = await playExperiment({ ...world, isUncounted: true }, { budget: 40, goesOn: true });

    expect(played).toMatchObject({ ended: 'deadline' });
    expect(played.api_key_id).toBeUndefined();
    expect(played.likelihoods).toHaveLength(5);
    expect(played.seconds).toBeCloseTo(40, 6);
  });

  test('ends early when no key can reach the bound any more', async () => {
    const played = await playExperiment({ ...world, isUncounted: true });

    expect(played.ended).toBe('futile');
    expect(played.seconds).toBeLessThan(95);
  });

  test('ends at once when the token is answered 401', async () => {
    const played = await playExperiment({ ...world, diesAfter: 9 });

    expect(played.ended).toBe('rejected');
    expect(played.api_key_id).toBeUndefined();
    expect(played.seconds).toBeLessThan(17);
  });

  test.each([0.5, 12])('ends at once when it is stopped after %f s', async (stopAfter) => {
    const played = await playExperiment(world, { stopAfter });

    expect(played.ended).toBe('stopped');
    expect(played.seconds).toBeLessThan(stopAfter + 1);
  });

  test('ends open when most calls fail, and counts what failed as no evidence', async () => {
    const played = await playExperiment({ ...world, failing: 0.9 });
    expect(played).toMatchObject({ ended: 'failing', slots: 0, uses: [], may_go_on: false });

    const limited = await playExperiment({ ...world, limit: { burst: 8, perSecond: 0.05 } });
    expect(limited.api_key_id).toBeUndefined();
    expect(limited.likelihoods[0]!.log10).toBeLessThan(2);
  });

  test('slows down where the API limits its calls, and still names the key', async () => {
    const played = await playExperiment({ ...world, limit: { burst: 20, perSecond: 1 } });

    expect(played.api_key_id).toBe('leaked');
    const { segments } = played.log;
    expect(segments.map(({ isAfterFailure, plan }) => [plan.slotMs, isAfterFailure]).slice(0, 2)).toEqual([
      [1_000, false],
      [2_000, true],
    ]);
  });

  test('goes on where an earlier run was stopped, through JSON', async () => {
    const options = { alpha: 1e-9, goesOn: true };
    const first = await playExperiment(world, { ...options, budget: 14 });
    expect(first).toMatchObject({ ended: 'deadline', may_go_on: true });

    const second = await playExperiment(
      { ...world, seed: 12 },
      { ...options, resume: JSON.parse(JSON.stringify(first.log)) },
    );
    const afresh = await playExperiment({ ...world, seed: 12 }, options);

    expect(second).toMatchObject({ ended: 'found', api_key_id: 'leaked', alpha: 1e-9 });
    expect(second.log.segments).toHaveLength(2);
    expect(second.seconds).toBeLessThan(afresh.seconds - 8);
  });

  test('can be computed again from its log', async () => {
    const played = await playExperiment(world);
    const again = new Experiment(JSON.parse(JSON.stringify(played.log)));

    expect(again.likelihoods()).toEqual(played.likelihoods);
    expect(again.named()).toBe('leaked');
  });

  test('finds a key that the API records once a minute, at leisure', async () => {
    const leisure = {
      ...world,
      siblings: [{ kind: 'random', perSecond: 0.01 } as const, idle, busy],
      recording: { throttle: 60, lag: 3 },
    };
    const options = { alpha: 1e-9, goesOn: true, leastSlotMs: 70_000, budget: 14 * 60 };
    let played = await playExperiment(leisure, options);
    for (let run = 2; run <= 8 && played.ended === 'deadline'; run++)
      played = await playExperiment({ ...leisure, seed: run }, { ...options, resume: played.log });

    expect(played).toMatchObject({ ended: 'found', api_key_id: 'leaked' });
  });
});
