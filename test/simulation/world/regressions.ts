import type { Plan } from './plan.ts';
import { sweeping } from './sweeping.ts';

const CALM: Plan['rates'] = { devin: 0, github: 0, s3: 0, secrets: 0, sqs: 0, sns: 0, kms: 0 };

/** Worlds that once broke an invariant, with what was wrong then. Every run of the tests plays them. */
export interface Regression {
  readonly seed: number;
  readonly was: string;
  /** What of the seed's plan is fixed, so that a change of the draws leaves the world as it was. */
  readonly plan?: Partial<Plan>;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 5,
    was: 'an alert counted as closed by a page that something in front of GitHub answered with 200',
    plan: {
      leaks: [{ kind: 'an alert', at: 0 }],
      faultsEnd: 600_000,
      rates: { ...CALM, github: 0.3 },
      sweep: undefined,
    },
  },
  {
    seed: 1,
    was: 'our standby key was deleted as a candidate when our admin token leaked',
    plan: {
      leaks: [{ kind: 'our own admin token', at: 0 }],
      faultsEnd: 600_000,
      hasStandby: true,
      ambiguousKey: 'revoke_all',
      sweep: undefined,
    },
  },
  {
    seed: 1,
    was: 'a key that somebody used after its revocation was queued was deleted all the same',
    plan: sweeping({ changeRate: 1 }),
  },
  {
    seed: 7,
    was: 'a key was neither queued nor left alone where sweeps were stopped, and its plan counted as carried out',
    plan: {
      ...sweeping({ stop: { moment: 'queued', after: 0, lasts: 600_000, again: false } }),
      faultsEnd: 600_000,
      rates: { ...CALM, s3: 0.3 },
    },
  },
  {
    seed: 22,
    was: 'an invocation that failed went on queueing revocations in the next one of its container',
    plan: {
      ...sweeping({
        serviceUsers: 12,
        deliversAgainAfter: 60_000,
        stop: { moment: 'queued', after: 500, lasts: 600_000, again: false },
      }),
      faultsEnd: 600_000,
      rates: { ...CALM, sqs: 0.3 },
    },
  },
];
