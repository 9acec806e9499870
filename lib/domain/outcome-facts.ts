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
export const leakFacts = {
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
  ...leakFacts,
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
