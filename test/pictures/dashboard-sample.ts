/** Hourly values of the last day by widget and line; a day on which one report is in the dead-letter queue and one was escalated. */
const at = (...values: readonly (readonly [hour: number, value: number])[]): number[] =>
  Array.from({ length: 24 }, (_, hour) => values.find(([one]) => one === hour)?.[1] ?? 0);

const ENDED = {
  revoked: at([3, 1], [9, 2], [14, 1], [20, 1]),
  already_revoked: at([9, 1], [17, 1]),
  escalated: at([21, 1]),
  still_alive: at(),
  failed: at([14, 1]),
  not_found: at(),
  rehearsed: at([12, 1]),
};
/** No value where no leak was. */
const NONE = Number.NaN;
const leaks = (...values: readonly (readonly [hour: number, value: number])[]): number[] =>
  at(...values).map((value) => (value === 0 ? NONE : value));

export const SAMPLE: Readonly<Record<string, readonly number[]>> = {
  ...ENDED,
  'oldest leak (s)': at(),
  'leaks waiting': at(),
  'dead letters': at([22, 1]),
  'lost reports': at(),
  'own key leaked': at(),
  'refused calls': at(),
  'not notified': at(),
  reopened: at(),
  leaks: at([3, 1], [9, 2], [14, 1], [20, 1]),
  p50: leaks([3, 1.4], [9, 1.6], [14, 1.5], [20, 1.4]),
  p99: leaks([3, 1.4], [9, 2.1], [14, 31.8], [20, 1.4]),
  'search (p99)': leaks([14, 27.5]),
  backlog: at([2, 180], [3, 420], [4, 60]),
  sweep: at([3, 40]),
  webhook: at(),
  revoke: at([14, 1]),
  'sweep-keys': at(),
  'sweep-alerts': at(),
  digest: at(),
  reconcile: at(),
  enroll: at(),
  'webhook throttled': at(),
  'revoke throttled': at(),
  'sweep of keys': at([3, 1]),
  'sweep of alerts': Array.from({ length: 24 }, () => 4),
  enrolment: at(),
  'deliveries (max)': at([14, 2], [3, 1]),
};

/** Where the same label stands for something else. */
export const RUNS: Readonly<Record<string, readonly number[]>> = {
  digest: Array.from({ length: 24 }, () => 1),
  reconcile: Array.from({ length: 24 }, () => 12),
};

/** The age of the oldest leak, where it is a line. */
export const WAITS: Readonly<Record<string, readonly number[]>> = {
  leaks: at([3, 1], [9, 2], [14, 35], [20, 1]),
};

export const ON = ['DeadLetterAlarm'] as const;
