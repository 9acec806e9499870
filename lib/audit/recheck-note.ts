import type { ListObjects } from '../aws/list-objects.ts';
import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import { alertReportId, LeakReport, type Report } from '../domain/report.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';

// A token that is rejected and that nobody knows may be one that works from elsewhere. Its alert is closed, so that no
// listing of open alerts shows it: a note by the day on which it is due does.

const FOLDER = 'rechecks';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The report that looks at a resolved alert again, a day later. By the hour, so that a redelivery plans the same one.
 *
 * @param now epoch milliseconds
 */
export function recheckReport({ leak, ...report }: Report, now: number): LeakReport | undefined {
  if (leak.kind !== 'github_alert') return undefined;
  const due = now - (now % HOUR_MS) + HOUR_MS + DAY_MS;
  const { token: _token, caller: _caller, ...rest } = report;
  return {
    ...rest,
    leak,
    report_id: alertReportId(leak, 'recheck', due),
    invoked_by: 'schedule',
    reported_at: due,
    seen_at: due,
    reason: 'a second look at a token that nobody knew',
    recheck: true,
  };
}

/** Notes that the alert is to be looked at again. */
export async function putRecheck(
  store: AuditStore,
  report: Report,
  now: number,
  retry: RetryOptions,
): Promise<Stored> {
  const recheck = recheckReport(report, now);
  if (recheck === undefined) return { result: 'exists' };
  const name = recheck.report_id.replaceAll('/', '=');
  return store.put(`${dayFolder(recheck.reported_at)}${name}.json`, recheck, retry);
}

/**
 * The reports of the alerts that are due: those of today and of the day before, so that an outage of the schedule loses
 * none.
 *
 * @throws {ListError}
 */
export async function dueRechecks(
  { list, store }: { readonly list: ListObjects; readonly store: AuditStore },
  now: number,
  retry: RetryOptions,
): Promise<LeakReport[]> {
  const folders = [dayFolder(now - DAY_MS), dayFolder(now)];
  const listed = await Promise.all(folders.map((folder) => list(folder, { deadline: retry.deadline })));
  const found = await Promise.all(listed.flat().map(({ key }) => store.get(key, retry)));
  return found
    .flatMap((answer) => (answer.ok ? (parseJson(answer.text ?? '', LeakReport) ?? []) : []))
    .filter(({ reported_at }) => reported_at <= now);
}

function dayFolder(at: number): string {
  return `${FOLDER}/date=${new Date(at).toISOString().slice(0, 10)}/`;
}
