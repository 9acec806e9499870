import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { REHEARSAL, recordPath } from '../../lib/audit/record-path.ts';
import { type Queue, QueueError } from '../../lib/aws/sqs.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { GitHubAlertRef, LeakReport } from '../../lib/domain/report.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { sleep } from '../../lib/platform/retry.ts';
import { type Finding, missing, ok, unknown } from './finding.ts';

/** What is rehearsed: a made-up key of our own service user, or a real alert. */
export type Subject =
  | { readonly kind: 'made_up_key'; readonly serviceUserId: string }
  | { readonly kind: 'alert'; readonly alert: GitHubAlertRef };

const CHECK = 'rehearsal';
const Record = z.object({
  unmapped: z.object({
    reason: z.optional(z.string()),
    service_user_id: z.optional(z.string()),
    api_key_id: z.optional(z.string()),
    would_end: z.string(),
  }),
});
type Rehearsed = z.infer<typeof Record>['unmapped'];

const IGNORED = 'is the alert open? One that is resolved is ignored without a record. Otherwise ';
const LOG = 'see the log of the function revoke, and the alarms';

/**
 * Puts a dry run on the real queue, and waits for its record in the audit bucket. The worker reads its secrets, asks Devin
 * (and GitHub, for an alert) and writes the record, as for a leak; it changes nothing, and a failure is not repeated.
 *
 * @param deadline epoch milliseconds
 */
export async function rehearse(
  subject: Subject,
  { queue, store }: { readonly queue: Queue; readonly store: Pick<AuditStore, 'get'> },
  deadline: number,
): Promise<Finding> {
  const report = reportOf(subject, Date.now());
  const sent = Date.now();
  try {
    await queue.send(report, deadline);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    return unknown(
      CHECK,
      error.message,
      'your AWS credentials need sqs:SendMessage on the queue of the leaks',
    );
  }
  for (;;) {
    const read = await store.get(recordPath(report, REHEARSAL), { deadline, attempts: 3 });
    if (!read.ok) {
      const found = `it was queued; its record cannot be read (${read.reason})`;
      return unknown(
        CHECK,
        found,
        'your AWS credentials need s3:GetObject and s3:ListBucket on the audit bucket',
      );
    }
    if (read.text !== undefined) return judge(subject, read.text, Math.round((Date.now() - sent) / 100) / 10);
    if (Date.now() > deadline) {
      const found = 'it was queued, and no record of it appeared in time';
      return missing(CHECK, found, subject.kind === 'alert' ? IGNORED + LOG : LOG);
    }
    await sleep(500);
  }
}

function reportOf(subject: Subject, now: number): LeakReport {
  return {
    version: 1,
    report_id: `console/setup-${randomUUID()}`,
    detector: 'console',
    invoked_by: 'console',
    reported_at: now,
    seen_at: now,
    leak: leakOf(subject),
    reason: 'rehearsal by devin-key-revoker setup',
    dry_run: true,
    redeliver: false,
  };
}

function leakOf(subject: Subject): LeakReport['leak'] {
  switch (subject.kind) {
    case 'made_up_key':
      return { kind: 'key', service_user_id: subject.serviceUserId, api_key_id: `setup-${randomUUID()}` };
    case 'alert':
      return { kind: 'github_alert', ...subject.alert };
    default:
      return subject satisfies never;
  }
}

function judge(subject: Subject, text: string, seconds: number): Finding {
  const rehearsed = parseJson(text, Record)?.unmapped;
  if (rehearsed === undefined) return unknown(CHECK, 'its record is not of the known form', LOG);
  const isAsForeseen = foreseen(subject, rehearsed);
  const way = `queue, worker, Devin, audit bucket in ${seconds} s`;
  if (!isAsForeseen) return missing(CHECK, `${way}; ${rehearsed.reason ?? rehearsed.would_end}`, LOG);
  const { api_key_id = '', service_user_id = '' } = rehearsed;
  return subject.kind === 'alert'
    ? ok(
        CHECK,
        `${way}; the alert would have ended as ${rehearsed.would_end}: key ${api_key_id} of ${service_user_id}`,
      )
    : ok(CHECK, `${way}; a made-up key was looked up, and nothing was changed`);
}

function foreseen({ kind }: Subject, { would_end }: Rehearsed): boolean {
  return kind === 'alert'
    ? would_end === 'revoked' || would_end === 'already_revoked'
    : would_end === 'not_found';
}
