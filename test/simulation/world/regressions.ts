/** Seeds that once broke an invariant, with what was wrong then. They are played by every run of the tests. */
export const REGRESSIONS: readonly { readonly seed: number; readonly was: string }[] = [
  { seed: 74, was: 'an alert counted as closed that a page in front of GitHub answered 200 for' },
  { seed: 274, was: 'our standby key was deleted as a candidate when our admin token leaked' },
  { seed: 2339, was: 'a revocation was claimed that a page in front of Devin answered 200 for' },
];
