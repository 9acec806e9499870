import type { Report } from '../domain/report.ts';

/**
 * Where a report's record lies. The date is the report's own, so that a retry on the next day finds the same place.
 *
 * @param name such that the names of one report sort in the order of events
 */
export function recordPath(report: Pick<Report, 'report_id' | 'reported_at'>, name: string): string {
  const date = new Date(report.reported_at).toISOString().slice(0, 10);
  return `records/date=${date}/${report.report_id}/${name}.json`;
}
