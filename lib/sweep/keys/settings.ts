import type { SweepPlanConfig } from './config.ts';
import type { Start } from './plan.ts';

/** The part of the configuration that decides a plan: its mode, its rules and its caps. */
export function sweepSettings(
  config: Omit<
    SweepPlanConfig,
    'ADMIN_TOKEN_SECRET_ID' | 'STANDBY_TOKEN_SECRET_ID' | 'ACTIVITY_TOKEN_SECRET_ID'
  >,
): Pick<Start, 'mode' | 'policy' | 'caps'> {
  return {
    mode: config.DRY_RUN ? 'report' : config.SWEEP_MODE,
    policy: {
      maxAgeDays: config.SWEEP_MAX_AGE_DAYS,
      maxIdleDays: config.SWEEP_MAX_IDLE_DAYS,
      warnDays: config.SWEEP_WARN_DAYS.map(Number),
      exempt: config.SWEEP_EXEMPT,
    },
    caps: { maxRevocations: config.SWEEP_MAX_REVOCATIONS, maxRatio: config.SWEEP_MAX_RATIO },
  };
}
