import * as z from 'zod/mini';

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
export const AlertClosure = z.strictObject({ closed: z.boolean(), reason: z.optional(z.string()) });
export type AlertClosure = z.infer<typeof AlertClosure>;

export const Confidence = z.enum(['certain', 'high', 'medium']);

/** How the key was found, and how sure that is. */
export const Attribution = z.strictObject({
  /**
   * `ids`: the report named it. `only_active_key`: its service user had no other. `last_used_at`: its last use moved
   * with our uses of the token. `elimination`: the token died when it was revoked. `intent`, `fingerprint`: an earlier
   * delivery, or another report of the same token, found it.
   */
  method: z.enum(['ids', 'only_active_key', 'last_used_at', 'elimination', 'intent', 'fingerprint']),
  confidence: Confidence,
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
  used_after_leak: z.optional(z.boolean()),
});
export type Exposure = z.infer<typeof Exposure>;

/** A key that may be the leaked one. */
export const Candidate = z.strictObject({
  api_key_id: z.string(),
  api_key_name: z.string(),
  created_at: z.string(),
  last_used_at: z.nullable(z.string()),
});
export type Candidate = z.infer<typeof Candidate>;

/** A key that was revoked and was not the leaked one, and the call that makes its successor. */
export const Collateral = z.strictObject({
  api_key_id: z.string(),
  api_key_name: z.string(),
  replace_with: z.string(),
});
export type Collateral = z.infer<typeof Collateral>;

const common = {
  report_id: z.string(),
  service_user_id: z.optional(z.string()),
  api_key_id: z.optional(z.string()),
  api_key_name: z.optional(z.string()),
  attribution: z.optional(Attribution),
  exposure: z.optional(Exposure),
  /** What a person has to do. */
  next_step: z.optional(z.string()),
  candidates: z.optional(z.array(Candidate)),
  collateral: z.optional(z.array(Collateral)),
  /** The leaked token is the admin token of this software. */
  own_key: z.optional(z.literal(true)),
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
      principal_type: z.optional(z.string()),
    }),
    z.strictObject({ ...common, status: z.literal('rehearsed'), reason: z.string() }),
    z.strictObject({ ...common, status: z.literal('ignored'), reason: z.string() }),
    z.strictObject({ ...common, status: z.literal('failed'), reason: z.string(), retryable: z.boolean() }),
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
  return outcome.status !== 'failed' && outcome.status !== 'still_alive';
}
