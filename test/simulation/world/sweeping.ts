import type { Plan } from './plan.ts';
import type { SweepPlan } from './sweep-plan.ts';

/** A world whose only event is a sweep within its limits, unless one is set lower. */
export const sweeping = (changes: Partial<SweepPlan> = {}): Partial<Plan> => ({
  leaks: [],
  dryRun: false,
  clockJump: undefined,
  sweep: {
    at: 0,
    deliversAgainAfter: undefined,
    isDueAgainAfter: undefined,
    mode: 'enforce',
    maxAgeDays: 365,
    maxIdleDays: 90,
    maxRevocations: 100,
    maxRatio: 1,
    serviceUsers: 8,
    slow: undefined,
    exemptions: 0,
    hasMistypedExemption: false,
    changeRate: 0,
    stop: undefined,
    isReleased: false,
    ...changes,
  },
});
