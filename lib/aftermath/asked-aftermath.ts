import * as z from 'zod/mini';
import { type AftermathRequest, FollowedReport } from '../domain/aftermath.ts';
import { ServiceUserId } from '../domain/key.ts';
import { badEvent } from '../intake/request.ts';

const Asked = z.strictObject({
  aftermath: z.strictObject({
    service_user_id: ServiceUserId,
    since: z
      .string()
      .check(
        z.refine(
          (value) => /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(value) && isTime(value),
          'must be a day or a time such as 2026-07-30T08:26:40Z',
        ),
      ),
  }),
  dry_run: z.optional(z.boolean()),
});

/** Who asked, as for a report by hand. */
export interface AskedBy {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly caller?: string | undefined;
}

/**
 * Reads `{"aftermath": {"service_user_id", "since"}, "dry_run"?}`, which a person invokes the worker with. No margin is
 * taken from the time.
 *
 * @throws {BadEventError} which names every wrong field and quotes no value
 */
export function readAskedAftermath(
  event: unknown,
  { caller, now, requestId }: AskedBy,
  isDryRun: boolean,
): AftermathRequest {
  const parsed = z.safeParse(Asked, event);
  if (!parsed.success) throw badEvent(parsed.error.issues.map(wordOf));
  const { aftermath, dry_run } = parsed.data;
  const { service_user_id, since } = aftermath;
  return {
    version: 1,
    kind: 'aftermath',
    service_user_id,
    leaked_at: Date.parse(since),
    exact: true,
    ...((isDryRun || dry_run) && { dry_run: true }),
    attempt: 1,
    report: z.parse(FollowedReport, {
      version: 1,
      report_id: `console/${requestId}`,
      detector: 'console',
      invoked_by: 'console',
      ...(caller !== undefined && { caller }),
      reported_at: now,
      leaked_at: Date.parse(since),
      seen_at: now,
      leak: { kind: 'service_user', service_user_id },
    }),
  };
}

function isTime(value: string): boolean {
  return !Number.isNaN(Date.parse(value));
}

function wordOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.') || 'the event';
  if (issue.code === 'unrecognized_keys') return `${at} has a field that is not known`;
  return issue.code === 'invalid_type' ? `${at} is missing or of the wrong type` : `${at} ${issue.message}`;
}
