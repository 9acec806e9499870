import * as z from 'zod/mini';
import { AlertClosure, Deletion, LeakPart, leakFacts, Proof } from './outcome-facts.ts';

const common = {
  report_id: z.string(),
  ...leakFacts,
  /** Each leak, when the secret of the report holds several. The outcome itself is that of the one that is worst off. */
  leaks: z.optional(z.array(LeakPart)),
  /** All that were sent for the report, by earlier deliveries too. */
  deletions: z.optional(z.array(Deletion)),
  alert: z.optional(AlertClosure),
  /** `false` when the audit store did not take the record. */
  recorded: z.optional(z.boolean()),
  /** `false` when the SIEM of `AUDIT_HTTP_URL` did not take a record. */
  forwarded: z.optional(z.boolean()),
};

/** One schema for each name of the outcome table of the README. */
export const outcomeVariants = () =>
  [
    z.strictObject({
      ...common,
      status: z.literal('revoked'),
      evidence: z.enum(['token_rejected', 'listed_inactive', 'recovered']),
      proof: Proof,
    }),
    z.strictObject({
      ...common,
      status: z.literal('already_revoked'),
      evidence: z.enum(['dead_on_arrival', 'token_rejected', 'listed_inactive']),
      proof: Proof,
      reason: z.optional(z.string()),
    }),
    z.strictObject({ ...common, status: z.literal('not_found'), reason: z.string() }),
    z.strictObject({
      ...common,
      status: z.literal('still_alive'),
      reason: z.string(),
      retryable: z.literal(true),
    }),
    z.strictObject({
      ...common,
      status: z.literal('escalated'),
      reason: z.string(),
      next_step: z.string(),
    }),
    z.strictObject({
      ...common,
      status: z.literal('rehearsed'),
      reason: z.string(),
      would_end: z.string(),
      /** What would have been done, in order. */
      would_do: z.array(z.string()),
    }),
    z.strictObject({ ...common, status: z.literal('ignored'), reason: z.string() }),
    z.strictObject({
      ...common,
      status: z.literal('failed'),
      reason: z.string(),
      retryable: z.boolean(),
      /** Epoch milliseconds before which another attempt is of no use. */
      retry_at: z.optional(z.int()),
    }),
  ] as const;

/**
 * How a report ended, and what belongs to it. Built when it is first parsed with, which most invocations never do.
 */
export const Outcome = z.lazy(() => z.discriminatedUnion('status', outcomeVariants()));
export type Outcome = z.infer<typeof Outcome>;
export type Status = Outcome['status'];

type WithoutReport<T> = T extends unknown ? Omit<T, 'report_id' | 'recorded' | 'forwarded'> : never;

/** An outcome as a step knows it, before it is put on record. */
export type OutcomeDraft = WithoutReport<Outcome>;

/** What a step returns when it decided how the report ends. */
export interface Decided {
  readonly status: 'decided';
  readonly draft: OutcomeDraft;
}

/** What a step returns when an earlier delivery of the report has its outcome on record already. */
export interface OnRecord {
  readonly status: 'on_record';
  readonly outcome: Outcome;
}

export function decided(draft: OutcomeDraft): Decided {
  return { status: 'decided', draft };
}

/** Whether the report is done, so that its message may leave the queue. */
export function isDone(outcome: Outcome): boolean {
  if (outcome.recorded === false || outcome.forwarded === false) return false;
  return isFinal(outcome);
}

/** Whether no other delivery of the report could end otherwise: what a retry cannot mend is final too. */
export function isFinal(outcome: OutcomeDraft): boolean {
  switch (outcome.status) {
    case 'still_alive':
      return false;
    case 'failed':
      return !outcome.retryable;
    case 'revoked':
    case 'already_revoked':
    case 'not_found':
    case 'escalated':
    case 'rehearsed':
    case 'ignored':
      return true;
    default:
      return outcome satisfies never;
  }
}
