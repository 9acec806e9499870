import * as z from 'zod/mini';
import type { ExperimentLog } from '../identify/experiment/experiment.ts';
import type { Ended } from '../identify/experiment/run-experiment.ts';
import { StoredLog } from './experiment-log.ts';

/** How far the experiments about a token have come. */
const TokenProgress = z.object({
  /** Experiments that were begun. */
  attempt: z.int(),
  /** Epoch milliseconds. */
  not_before: z.optional(z.int()),
  /** Of the last experiment, when it goes on. While it runs there is none, so that one that is cut off is never resumed. */
  log: z.optional(StoredLog),
});

/** The experiments about the tokens of one service user, by fingerprint, and who runs one now. */
export const Progress = z.object({
  version: z.literal(1),
  lease: z.optional(z.object({ holder: z.string(), until: z.int() })),
  tokens: z.record(z.string(), TokenProgress),
});
export type Progress = z.infer<typeof Progress>;

/** One run of an experiment, which goes on with an earlier one where there is a log. */
export interface Run {
  readonly attempt: number;
  readonly alpha: number;
  /** `quick` takes the shortest slots, and what it does not find is left to `patient`, which resumes over many runs. */
  readonly pace: 'quick' | 'patient';
  readonly resume?: ExperimentLog | undefined;
}

/** The most that the probability of enrolling a token under a wrong key may be, over all experiments about it. */
export const ENROLMENT_ERROR = 1e-9;
/** Milliseconds between the slots of a patient run: longer than a throttle of `last_used_at` by a minute, with room. */
export const PATIENT_SLOT_MS = 75_000;
/** Milliseconds that have to be left for a run to begin. */
const LEAST_MS = { quick: 45_000, patient: 3 * PATIENT_SLOT_MS } as const;
/** Milliseconds by which a lease outlives its run. */
const LEASE_MARGIN_MS = 60_000;
/** Slots after which an experiment is given up, and milliseconds until the next one. */
const MOST_SLOTS = 240;
const REST_MS = 7 * 86_400_000;
/** Milliseconds to wait when too many calls failed. */
const FAILURE_REST_MS = 3_600_000;

/** Who wants to run an experiment, and until when. Moments are epoch milliseconds. */
export interface Runner {
  readonly holder: string;
  readonly now: number;
  readonly deadline: number;
}

export type NextRun =
  | { readonly next: 'run'; readonly run: Run; readonly progress: Progress }
  | { readonly next: 'later'; readonly reason: string };

/**
 * The next run about a token, with what to store while it runs. At most one experiment about a service user runs at a time:
 * whoever has the lease runs it. The n-th experiment about a token has the n-th half of the permitted error, so that all of
 * them together stay below it.
 */
export function nextRun(
  { lease, tokens }: Progress,
  fingerprint: string,
  { deadline, holder, now }: Runner,
): NextRun {
  if (lease !== undefined && lease.until > now) {
    return { next: 'later', reason: 'another experiment about this service user is running' };
  }
  const { attempt: begun = 0, log: resume, not_before = 0 } = tokens[fingerprint] ?? {};
  if (not_before > now) {
    return {
      next: 'later',
      reason: `the next experiment is not before ${new Date(not_before).toISOString()}`,
    };
  }
  const attempt = resume === undefined ? begun + 1 : begun;
  const pace = attempt === 1 ? 'quick' : 'patient';
  if (deadline - now < LEAST_MS[pace])
    return { next: 'later', reason: 'no time left, a later run continues' };
  return {
    next: 'run',
    run: { attempt, pace, alpha: ENROLMENT_ERROR / 2 ** attempt, ...(resume && { resume }) },
    progress: {
      version: 1,
      lease: { holder, until: Math.ceil(deadline) + LEASE_MARGIN_MS },
      tokens: { ...tokens, [fingerprint]: { attempt } },
    },
  };
}

/** What of a result counts for the progress. */
export interface RunResult {
  readonly ended: Ended;
  readonly may_go_on: boolean;
  readonly slots: number;
  readonly log: ExperimentLog;
}

/** The progress after a run, without its lease. */
export function afterRun(
  { tokens }: Progress,
  fingerprint: string,
  { attempt, pace }: Run,
  { ended, log, may_go_on, slots }: RunResult,
  now: number,
): Progress {
  const isGivenUp = pace === 'patient' && slots >= MOST_SLOTS;
  const rest = ended === 'failing' ? FAILURE_REST_MS : isGivenUp ? REST_MS : 0;
  const goesOn = pace === 'patient' && may_go_on && !isGivenUp;
  const after = {
    attempt,
    ...(rest > 0 && { not_before: now + rest }),
    ...(goesOn && { log }),
  };
  return { version: 1, tokens: { ...tokens, [fingerprint]: after } };
}
