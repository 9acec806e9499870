import { type SealingKey, sealingKey } from '../aws/data-keys.ts';
import { LeakReport, type Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { log } from '../platform/log.ts';
import { pooled } from '../platform/map-concurrent.ts';
import type { LeakItem } from './leak-item.ts';
import { SealedReport } from './sealed-report.ts';
import { sealToken } from './sealed-token.ts';
import type { IntakeParts } from './source.ts';

/** What became of a leak, for its sender. */
export type QueuedLeak =
  | { readonly accepted: true; readonly report_id: string }
  | { readonly accepted: false; readonly reason: string };

/** Messages that are on their way at a time. */
const WIDTH = 10;

/**
 * Puts the leaks of a delivery on the queue, each as a report of its own and each report once, and says of each what became
 * of it, in order. The token of a leak is sealed before.
 *
 * @throws {QueueError | DataKeyError}
 */
export async function queueLeaks(
  items: readonly LeakItem[],
  { aws, config, deadline, fields, send }: IntakeParts,
): Promise<QueuedLeak[]> {
  const keyId = config.SEALING_KEY_ID;
  const key = keyId === undefined ? undefined : sealingKey(aws, keyId);
  const underWay = new Map<string, Promise<QueuedLeak>>();

  const queueOnce = (report: Report): Promise<QueuedLeak> => {
    // A rehearsal stands for nothing else.
    const name = `${report.report_id} ${report.dry_run === true}`;
    const before = underWay.get(name);
    if (before !== undefined) return before;
    const queued = queueOne(report);
    underWay.set(name, queued);
    return queued;
  };

  async function queueOne({ leak, token, ...report }: Report): Promise<QueuedLeak> {
    const { report_id } = report;
    if (token !== undefined) {
      if (key === undefined) return refused('a token cannot be taken: SEALING_KEY_ID is not set; send ids');
      await send(await sealedReport({ ...report, leak }, token, key, deadline), { deadline });
    } else if (leak.kind !== 'token') {
      await send(LeakReport.parse({ ...report, leak }), { deadline });
    }
    log('info', 'leak queued', { ...fields, report_id });
    return { accepted: true, report_id };
  }

  return pooled(items, WIDTH, async (item) => {
    if (item.status === 'read') return queueOnce(item.report);
    log('warn', 'leak refused', { ...fields, reason: item.reason });
    return refused(item.reason);
  });
}

function refused(reason: string): QueuedLeak {
  return { accepted: false, reason };
}

async function sealedReport(
  report: Omit<Report, 'token'>,
  token: Token,
  key: SealingKey,
  deadline: number,
): Promise<SealedReport> {
  const sealed = await sealToken(token, report.report_id, key, deadline);
  // Through the schema: what is not in it, such as a token, does not reach the queue.
  return SealedReport.parse({ ...report, version: 2, sealed });
}
