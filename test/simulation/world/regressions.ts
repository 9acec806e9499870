import type { Plan } from './plan.ts';

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
      rates: { devin: 0, github: 0.3, s3: 0, secrets: 0, sqs: 0, sns: 0, kms: 0 },
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
    },
  },
];
