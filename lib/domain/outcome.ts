import * as z from 'zod/mini';
import { Key } from './key.ts';

/** How it is known that the key is dead. */
export const Proof = z.strictObject({
  /**
   * `token`: the leaked token is answered 401 three times in a row, each on a connection of its own, while the admin
   * token works. `listing`: it shows the key inactive.
   */
  method: z.enum(['token', 'listing']),
  /** How many looks there were in all. */
  probes: z.int(),
  /** Milliseconds between the first and the last 401 of the row. */
  spread_ms: z.optional(z.int()),
  /** Epoch milliseconds. */
  at: z.int(),
});
export type Proof = z.infer<typeof Proof>;

/** What became of the scanner's alert. A refusal is part of the outcome, not a failure of the revocation. */
export const AlertClosure = z.strictObject({
  closed: z.boolean(),
  reason: z.optional(z.string()),
  /** `owner/repo`, when the repository was renamed since the report. */
  moved_to: z.optional(z.string()),
});
export type AlertClosure = z.infer<typeof AlertClosure>;

export const Confidence = z.enum(['certain', 'high', 'medium']);

/** The evidence of an experiment. Logarithms are decimal. */
export const ExperimentFacts = z.strictObject({
  /** Of the key's e-value, the strength of the evidence. */
  log10_e: z.number(),
  /** A key is named when its `log10_e` reaches it. */
  bound_log10: z.number(),
  /** The most that the probability of naming a wrong key was allowed to be: `ATTRIBUTION_ERROR`. */
  error: z.number(),
  /** Coins that were tossed. */
  slots: z.int(),
  /** How often the token was used. */
  uses: z.int(),
});
export type ExperimentFacts = z.infer<typeof ExperimentFacts>;

/** How the key was found, and how sure that is. */
export const Attribution = z.strictObject({
  /**
   * `ids`: the report named it. `registry`: known before it leaked. `only_active_key`: its service user had no other.
   * `experiment`: its last use followed our coins. `elimination`: the token died when it was revoked. `intent`,
   * `fingerprint`: an earlier delivery, or another report of the same token, found it. `last_used_at`: in records of
   * earlier versions alone.
   */
  method: z.enum([
    'ids',
    'registry',
    'only_active_key',
    'experiment',
    'elimination',
    'intent',
    'fingerprint',
    'last_used_at',
  ]),
  confidence: Confidence,
  experiment: z.optional(ExperimentFacts),
});
export type Attribution = z.infer<typeof Attribution>;

/** Times are ISO 8601 in UTC; what is not known is left out. */
export const Exposure = z.strictObject({
  leaked_at: z.optional(z.string()),
  seen_at: z.string(),
  /** As the API reports. */
  revoked_at: z.optional(z.string()),
  expires_at: z.optional(z.string()),
  proven_at: z.optional(z.string()),
  /** From when the leak was first seen to the proof. */
  seconds_to_revoke: z.optional(z.number()),
  /** When the key was last used before us. */
  last_used_at: z.optional(z.string()),
  /** When this software first used the token: a use from then on may be ours. */
  used_by_us_at: z.optional(z.string()),
  used_after_leak: z.optional(z.boolean()),
});
export type Exposure = z.infer<typeof Exposure>;

/** A key that may be the leaked one. */
export const Candidate = z.strictObject({
  api_key_id: z.string(),
  api_key_name: z.string(),
  created_at: z.string(),
  last_used_at: z.nullable(z.string()),
  /** Of its e-value in the experiment. */
  log10_e: z.optional(z.number()),
});
export type Candidate = z.infer<typeof Candidate>;

/** A key that was revoked and was not the leaked one, and the call that makes its successor. */
export const Collateral = z.strictObject({
  api_key_id: z.string(),
  api_key_name: z.string(),
  replace_with: z.string(),
});
export type Collateral = z.infer<typeof Collateral>;

/** A DELETE that was sent to Devin for this report, and what came of it. */
export const Deletion = z.strictObject({
  ...Key.shape,
  /** Epoch milliseconds. */
  sent_at: z.int(),
  /** `unanswered`: no answer, or none on record, so it may have had its effect. */
  answer: z.enum(['revoked', 'already_revoked', 'absent', 'refused', 'unanswered']),
  /** An earlier attempt of the same request got no answer. */
  lost_answer: z.optional(z.literal(true)),
});
export type Deletion = z.infer<typeof Deletion>;

/** What is said of each leak: of a report with one token in its outcome, of one with several in its `leaks`. */
const facts = {
  service_user_id: z.optional(z.string()),
  api_key_id: z.optional(z.string()),
  api_key_name: z.optional(z.string()),
  attribution: z.optional(Attribution),
  exposure: z.optional(Exposure),
  /** What a person has to do. */
  next_step: z.optional(z.string()),
  candidates: z.optional(z.array(Candidate)),
  collateral: z.optional(z.array(Collateral)),
  /** The leaked token is the admin or the standby token of this software. */
  own_key: z.optional(z.literal(true)),
  /** Whose token it is cannot be known. */
  owner: z.optional(z.literal('unknown')),
  /** Of a personal access token, and of a legacy key where it names one. */
  user: z.optional(z.strictObject({ user_id: z.optional(z.string()), user_name: z.optional(z.string()) })),
  /** Of a legacy key of an organisation. */
  org_id: z.optional(z.string()),
  principal_type: z.optional(z.string()),
};

/** One of several leaks of a report. */
export const LeakPart = z.strictObject({
  ...facts,
  status: z.enum([
    'revoked',
    'already_revoked',
    'not_found',
    'still_alive',
    'escalated',
    'ignored',
    'failed',
    'rehearsed',
  ]),
  evidence: z.optional(z.string()),
  proof: z.optional(Proof),
  reason: z.optional(z.string()),
  retryable: z.optional(z.boolean()),
});
export type LeakPart = z.infer<typeof LeakPart>;

const common = {
  report_id: z.string(),
  ...facts,
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
