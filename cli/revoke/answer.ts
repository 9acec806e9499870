import * as z from 'zod/mini';
import { Candidate, Collateral } from '../../lib/domain/outcome-facts.ts';

const text = z.optional(z.string());

/**
 * The outcome that the function answers, as far as it is shown. A function of another version than this program may
 * answer more, or words that are not known here.
 */
export const Answer = z.looseObject({
  status: z.enum([
    'revoked',
    'already_revoked',
    'not_found',
    'still_alive',
    'escalated',
    'rehearsed',
    'ignored',
    'failed',
  ]),
  report_id: z.string(),
  service_user_id: text,
  api_key_id: text,
  api_key_name: text,
  reason: text,
  next_step: text,
  evidence: text,
  would_end: text,
  would_do: z.optional(z.array(z.string())),
  attribution: z.optional(z.object({ method: z.string(), confidence: z.string() })),
  proof: z.optional(
    z.object({ method: z.string(), probes: z.number(), spread_ms: z.optional(z.number()), at: z.number() }),
  ),
  exposure: z.optional(z.object({ used_after_leak: z.optional(z.boolean()), last_used_at: text })),
  candidates: z.optional(z.array(z.object(Candidate.shape))),
  collateral: z.optional(z.array(z.object(Collateral.shape))),
  deletions: z.optional(
    z.array(
      z.object({
        api_key_id: z.string(),
        service_user_id: z.string(),
        sent_at: z.number(),
        answer: z.string(),
      }),
    ),
  ),
  alert: z.optional(z.object({ closed: z.boolean(), reason: text })),
  owner: text,
  own_key: z.optional(z.boolean()),
  retryable: z.optional(z.boolean()),
  recorded: z.optional(z.boolean()),
});
export type Answer = z.infer<typeof Answer>;

/** `dead` exits with 0, `decide` with 3, `failed` with 4. */
export type Verdict = 'dead' | 'decide' | 'failed';

export const EXIT: Readonly<Record<Verdict, number>> = { dead: 0, decide: 3, failed: 4 };

/** What an outcome means to the person who asked; of a dry run, what it would have ended in. */
export function verdictOf({ status, would_end }: Pick<Answer, 'status' | 'would_end'>): Verdict {
  switch (status) {
    case 'revoked':
    case 'already_revoked':
      return 'dead';
    case 'not_found':
    case 'escalated':
    case 'ignored':
      return 'decide';
    case 'still_alive':
    case 'failed':
      return 'failed';
    case 'rehearsed': {
      const end = z.safeParse(Answer.shape.status, would_end);
      return end.success && end.data !== 'rehearsed' ? verdictOf({ status: end.data }) : 'failed';
    }
    default:
      return status satisfies never;
  }
}
