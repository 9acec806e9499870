/** What holds in every world, after every step. */
export const INVARIANTS = [
  'the simulation works',
  'only a leaked key is deleted',
  'an intent precedes each DELETE',
  'a key is deleted once',
  'a sweep deletes only what is due',
  'a sweep stays within its limits',
  'a stopped sweep does nothing',
  'an outcome is true',
  'a report has one outcome',
  'a record is written once',
  'what is acknowledged is on record',
  'no alert of a live token is closed',
  'a dry run changes nothing',
  'no token is disclosed',
  'no invocation runs into its time-out',
  'every report settles',
  'every alert settles',
  'a day is signed once',
  'every sweep ends',
  'what a report costs is bounded',
] as const;
export type Invariant = (typeof INVARIANTS)[number];
