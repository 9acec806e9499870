import type { Report } from '../domain/report.ts';
import { log } from '../platform/log.ts';

/** Others may have read the token on its way, and archives and dead-letter queues may keep it. */
export function warnOfClear(report: Report): Report {
  if (report.token === undefined) return report;
  log('warn', 'the token came in clear: seal it, or send ids', { report_id: report.report_id });
  return { ...report, token_in_clear: true };
}
