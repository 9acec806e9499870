import type { LeakReport } from '../../domain/report.ts';
import { errorFields, log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { AlertResult, QueueAlertDeps } from './queue-alert.ts';

export interface RecheckDeps extends Pick<QueueAlertDeps, 'earlier' | 'sendBacklog' | 'pace'> {
  /** Reports of resolved alerts that are to be looked at once more now. @throws {ListError} */
  readonly dueRechecks: () => Promise<readonly LeakReport[]>;
}

/** Queues the second looks that are due and have no outcome yet. The next sweep tries again what failed. */
export async function recheckDue(deps: RecheckDeps): Promise<AlertResult[]> {
  const due = await deps.dueRechecks().catch((error: unknown) => {
    log('error', 'second looks not read', errorFields(error));
    return undefined;
  });
  if (due === undefined) return ['failed'];
  return pooled(due, 8, async (report) => {
    try {
      const { outcome } = await deps.earlier(report);
      return outcome === undefined ? await recheck(report, deps) : 'settled';
    } catch (error) {
      log('error', 'alert not queued', { report_id: report.report_id, ...errorFields(error) });
      return 'failed';
    }
  });
}

async function recheck(report: LeakReport, { pace, sendBacklog }: RecheckDeps): Promise<AlertResult> {
  const delay = pace.next();
  if (delay === undefined) return 'later';
  await sendBacklog(report, delay);
  log('info', 'alert queued', { report_id: report.report_id, fate: 'rechecked' });
  return 'rechecked';
}
