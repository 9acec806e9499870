import * as z from 'zod/mini';
import type { ListObjects, StoredObject } from '../aws/list-objects.ts';
import type { Queue } from '../aws/sqs.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { LeakReport } from '../domain/report.ts';
import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isIntent, OUTCOME } from './record-path.ts';

/** What an intent must hold for its report to be rebuilt. A report of a token alone cannot be: we store no token. */
const Intent = z.object({ unmapped: z.object({ report: LeakReport }) });

/** An intent that is this old and has no outcome, and no attempt as young, is lost, milliseconds. */
export const LOST_AFTER_MS = 15 * 60_000;
/** After this a person has to act: the alarm continues, the report is not queued again. */
const REQUEUE_FOR_MS = 86_400_000;
/** As long as a message can live on the queue and on the dead-letter queue. */
const LOOK_BACK_MS = 28 * 86_400_000;

export interface ReconcileParts {
  readonly store: AuditStore;
  readonly list: ListObjects;
  readonly queue: Pick<Queue, 'send'>;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly deadline: number;
}

/** An intent without an outcome, by the folder of its report. */
export interface Lost {
  readonly folder: string;
  readonly intent: StoredObject;
}

/** Decides which reports are lost, from the names and the times of the objects in the bucket. */
export function findLost(objects: readonly StoredObject[], now: number): Lost[] {
  const folders = Map.groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf('/')));
  return [...folders].flatMap(([folder, inside]) => {
    const intent = inside.find(({ key }) => isIntent(key));
    if (intent === undefined || inside.some(({ key }) => key.endsWith(`/${OUTCOME}.json`))) return [];
    const latest = Math.max(...inside.map(({ storedAt }) => storedAt));
    return now - latest > LOST_AFTER_MS ? [{ folder, intent }] : [];
  });
}

/** Raises the alarm for every lost report, and queues it again. @returns how many were found and queued */
export async function reconcile(parts: ReconcileParts): Promise<{ lost: number; queued: number }> {
  const { deadline, list, now } = parts;
  const since = new Date(now - LOOK_BACK_MS).toISOString().slice(0, 10);
  const objects = await list('records/', { deadline, startAfter: `records/date=${since}` });
  const lost = findLost(objects, now);
  let queued = 0;
  for (const { folder, intent } of lost) {
    count('IntentWithoutOutcome', {});
    const report = now - intent.storedAt < REQUEUE_FOR_MS ? await reportOf(intent, parts) : undefined;
    log('error', 'an intent has no outcome', { folder, queued: report !== undefined });
    if (report === undefined) continue;
    await parts.queue.send(report, deadline);
    queued += 1;
  }
  return { lost: lost.length, queued };
}

async function reportOf(intent: StoredObject, { deadline, store }: ReconcileParts) {
  const found = await store.get(intent.key, { deadline, attempts: 4 });
  return found.ok && found.text !== undefined ? parseJson(found.text, Intent)?.unmapped.report : undefined;
}
