import { errorFields, log } from '../platform/log.ts';
import { count, measure } from '../platform/metrics.ts';
import type { DrillResult } from './run-drill.ts';

const job = { job: 'drill' };

/** Publishes a notice. @returns whether it was taken */
type Notify = (subject: string, text: string) => Promise<boolean>;

/** Logs and counts how a drill ended, and notifies unless it passed. */
export async function reportDrill(result: DrillResult, notify: Notify | undefined): Promise<void> {
  const { api_key_id, drill_id, problems, report_id, seconds, status } = result;
  log(status === 'passed' ? 'info' : 'error', `drill ${status}`, {
    drill_id,
    report_id,
    api_key_id,
    seconds,
    problems,
  });
  if (seconds !== undefined) measure('DrillSeconds', 'Seconds', seconds);
  if (status === 'passed') return;
  count('DrillFailed', job);
  await notify?.(`Drill ${status}: a leaked Devin key may not be revoked in time`, noticeOf(result));
}

/** A drill that broke off is one that failed. */
export async function reportBrokenDrill(error: Error, notify: Notify | undefined): Promise<void> {
  log('error', 'drill broke off', errorFields(error));
  count('DrillFailed', job);
  await notify?.(
    'Drill failed: it broke off',
    `The drill broke off with ${errorFields(error).error}. Its log has more.`,
  );
}

/** The text of a notice; it holds ids and no token. */
export function noticeOf(result: DrillResult): string {
  const { drill_id, problems, report_id, service_user_id, steps } = result;
  return [
    `Drill ${drill_id} with a throwaway key of ${service_user_id}:`,
    ...problems.map((problem) => `- ${problem}`),
    '',
    ...steps.map(({ ms, step }) => `${String(ms).padStart(8)} ms  ${step}`),
    ...(report_id === undefined
      ? []
      : ['', `The records of its report: npm run audit-log -- show ${report_id}`]),
    '',
    'Until a drill passes, assume that a real leak is not revoked in time either.',
  ].join('\n');
}
