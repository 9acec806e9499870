import * as z from 'zod/mini';

/** How it is known that the key is dead. */
export const Proof = z.strictObject({
  /** `token`: the leaked token is answered 401 while the admin token works. `listing`: it shows the key inactive. */
  method: z.enum(['token', 'listing']),
  probes: z.int(),
  /** Epoch milliseconds. */
  at: z.int(),
});
export type Proof = z.infer<typeof Proof>;

/** What became of the scanner's alert. A refusal is part of the outcome, not a failure of the revocation. */
export const AlertEnding = z.strictObject({ closed: z.boolean(), reason: z.optional(z.string()) });
export type AlertEnding = z.infer<typeof AlertEnding>;

const keyFields = {
  service_user_id: z.optional(z.string()),
  api_key_id: z.optional(z.string()),
  api_key_name: z.optional(z.string()),
};

const common = {
  report_id: z.string(),
  ...keyFields,
  alert: z.optional(AlertEnding),
  /** `false` when the audit store did not take the record. */
  recorded: z.optional(z.boolean()),
  /** `false` when the SIEM of `AUDIT_HTTP_URL` did not take a record. */
  forwarded: z.optional(z.boolean()),
};

/** How a report ended: a name from the outcome table of the README, and what belongs to it. */
export const Outcome = z.discriminatedUnion('status', [
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
  z.strictObject({ ...common, status: z.literal('escalated'), reason: z.string(), next_step: z.string() }),
  z.strictObject({ ...common, status: z.literal('rehearsed'), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal('ignored'), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal('failed'), reason: z.string(), retryable: z.boolean() }),
]);
export type Outcome = z.infer<typeof Outcome>;
export type Status = Outcome['status'];

type WithoutReport<T> = T extends unknown ? Omit<T, 'report_id' | 'recorded' | 'forwarded'> : never;

/** An outcome as a step knows it, before it is put on record. */
export type Ending = WithoutReport<Outcome>;

/** Whether the report is done, so that its message may leave the queue. */
export function isDone(outcome: Outcome): boolean {
  if (outcome.recorded === false || outcome.forwarded === false) return false;
  return outcome.status !== 'failed' && outcome.status !== 'still_alive';
}
