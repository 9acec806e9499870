import * as z from 'zod/mini';
import { Key } from './key.ts';
import type { Token } from './token.ts';

/**
 * The id of a report, the same however often the report is delivered. Segments of `[A-Za-z0-9_.-]` parted by `/`;
 * it names the report's folder in the audit bucket.
 */
export const ReportId = z
  .string()
  .check(
    z.maxLength(512),
    z.regex(/^[a-z]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.-]+)+$/, 'is not a report id'),
  );

/** A GitHub secret-scanning alert. Names as GitHub allows them: https://docs.github.com/en/rest/secret-scanning */
export const GitHubAlertRef = z.object({
  owner: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'must be a GitHub account name')),
  repo: z
    .string()
    .check(
      z.regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'must be a GitHub repository name, without its owner'),
    ),
  number: z.int().check(z.positive()),
  /**
   * GitHub's number of the repository, when its name looks like a token: then `owner` and `repo` are placeholders, so
   * that no message, record or log holds the name.
   */
  repository_id: z.optional(z.int().check(z.positive())),
});
export type GitHubAlertRef = z.infer<typeof GitHubAlertRef>;

/**
 * The normalised message on the queue: what leaked, who says so, and since when. It never holds a token.
 * `version` changes when an older worker could misread a newer message.
 */
export const LeakReport = z.object({
  version: z.literal(1),
  report_id: ReportId,
  /**
   * `webhook`: any detector, by Standard Webhooks. `queue`: another sender's message, as of an SNS topic. `aftermath`: the key was made
   * with a leaked one.
   */
  detector: z.enum(['github', 'webhook', 'gitlab', 'eventbridge', 'queue', 'console', 'sweep', 'aftermath']),
  /** What started the run, for the audit record's `actor.invoked_by`. */
  invoked_by: z.enum(['webhook', 'event', 'console', 'schedule']),
  /** Who invoked it, as far as the event says so. */
  caller: z.optional(z.string().check(z.regex(/^[\w@.:/+=,-]{1,256}$/))),
  /** Epoch milliseconds; stable across redelivery, since the audit record's place is derived from it. */
  reported_at: z.int(),
  /** Epoch milliseconds at which the detector says that the leak began. */
  leaked_at: z.optional(z.int()),
  /** Epoch milliseconds at which this software first saw the report. */
  seen_at: z.int(),
  leak: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('key'), ...Key.shape }),
    z.object({ kind: z.literal('github_alert'), ...GitHubAlertRef.shape }),
  ]),
  reason: z.optional(z.string().check(z.maxLength(1_000))),
  /** The token of an event or of a message came in clear, where others may have read it or kept it. */
  token_in_clear: z.optional(z.literal(true)),
  dry_run: z.optional(z.boolean()),
  /** Epoch milliseconds after which nothing is revoked for it any more: what a sweep found due may not be by then. */
  act_before: z.optional(z.int()),
  /** What the listing showed of a key that a sweep found due, and has to show still when it is revoked. */
  due_while: z.optional(
    z.object({
      is_active: z.optional(z.literal(false)),
      /** UNIX seconds; `null` when it was never used. */
      last_used_at: z.optional(z.nullable(z.number())),
    }),
  ),
  /** `false`: a delivery that fails is not repeated by the queue, since its sender queues the report again. */
  redeliver: z.optional(z.literal(false)),
  /** A second look at a resolved alert whose token nobody knew: if it works now, the incident is reopened. */
  recheck: z.optional(z.boolean()),
});
export type LeakReport = z.infer<typeof LeakReport>;

/**
 * The id of a report of an alert: the webhook and the sweep of missed alerts build the same.
 *
 * @param at when the alert was last changed, epoch milliseconds
 */
export function alertReportId({ number, owner, repo }: GitHubAlertRef, action: string, at: number): string {
  const stamp = new Date(at).toISOString().replace(/[-:.]/g, '');
  return `github/${owner}/${repo}/${number}/${action}/${stamp}`;
}

/** What all messages about a leak have in common: its alert, however it was reported; else the report. */
export function threadOf({
  leak,
  report_id,
}: {
  readonly report_id: string;
  readonly leak?: Report['leak'] | { readonly kind: 'service_user' };
}): string {
  if (leak?.kind === 'github_alert') return `github/${leak.owner}/${leak.repo}/${leak.number}`;
  return /^github(?:\/[^/]+){2}\/\d+(?=\/)/.exec(report_id)?.[0] ?? report_id;
}

/** A report in memory: as on the queue, or with the token that a direct invoke brought. */
export type Report = Omit<LeakReport, 'leak'> & {
  readonly leak: LeakReport['leak'] | { readonly kind: 'token' };
  readonly token?: Token;
};

/** The request of a direct invoke that reports the same leak once more; `undefined` for a token, which is in no record. */
export function requestAgain({ leak }: Pick<Report, 'leak'>): object | undefined {
  switch (leak.kind) {
    case 'key': {
      const { kind: _kind, ...key } = leak;
      return key;
    }
    case 'github_alert': {
      const { kind: _kind, ...github_alert } = leak;
      return { github_alert };
    }
    case 'token':
      return undefined;
    default:
      return leak satisfies never;
  }
}
