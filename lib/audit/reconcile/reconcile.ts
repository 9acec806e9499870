import * as z from 'zod/mini';
import type { ListObjects, ListPages } from '../../aws/list-objects.ts';
import type { Queue } from '../../aws/sqs.ts';
import { LeakReport } from '../../domain/report.ts';
import { errorFields, log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { count } from '../../platform/metrics.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { notedPath, OPEN_NOTES, openNotes } from '../stored-note.ts';
import { LOST_AFTER_MS, nextStep, type OpenReport, standing } from './open-report.ts';
import { keepState, readState, type StateParts } from './state.ts';

export interface ReconcileParts extends StateParts {
  readonly list: ListObjects;
  readonly pages: ListPages;
  readonly queue: Pick<Queue, 'send'>;
  /** A report that a person has acknowledged, to be closed in this run. */
  readonly acknowledged?: string | undefined;
}

export interface Reconciled {
  /** Found lost in this run; each raises the alarm once. */
  readonly lost: number;
  readonly queued: number;
  /** Lost and neither settled nor acknowledged. */
  readonly open: number;
}

/** Open reports that are kept at a time; further notes wait, so that the state stays below 8 MiB. */
const MAX_OPEN = 5_000;
/** Notes that are read before the state is kept. */
const BATCH = 2_000;
/** Reports that are looked at at the same time. */
const CONCURRENCY = 16;
/** Milliseconds before the deadline after which nothing further is begun. */
const RESERVE_MS = 15_000;

/**
 * Reads the notes of intents that are new, and looks at every report that is open. What it costs is in proportion to
 * these: the log's size does not matter.
 *
 * @throws {ReconcileError} @throws {ListError}
 */
export async function reconcile(parts: ReconcileParts): Promise<Reconciled> {
  let kept = await readState(parts);
  const { deadline } = parts;
  const looks = await lookAt(kept.state.open, parts);
  for (let isMore = true; isMore; ) {
    const open = looks.flatMap(({ report }) => report ?? []);
    const notes = await readNotes(kept.state.through, open, parts);
    looks.push(...(await lookAt(notes.reports, parts)));
    const state = {
      version: 1 as const,
      through: notes.through,
      open: looks.flatMap(({ report }) => report ?? []),
    };
    kept = await keepState(state, kept, parts);
    isMore = notes.isMore && Date.now() + RESERVE_MS < deadline;
  }
  const open = kept.state.open.filter(({ lost_at }) => lost_at !== undefined).length;
  count('LostReportsOpen', {}, open);
  return {
    lost: looks.filter(({ isNew }) => isNew).length,
    queued: looks.filter(({ isQueued }) => isQueued).length,
    open,
  };
}

interface Notes {
  readonly reports: readonly OpenReport[];
  /** The last note that was read. */
  readonly through: string;
  /** There are further notes, and room for them. */
  readonly isMore: boolean;
}

/** The reports of notes that are old enough and are not open already. */
async function readNotes(
  after: string,
  open: readonly OpenReport[],
  { deadline, now, pages }: ReconcileParts,
): Promise<Notes> {
  const end = openNotes(now - LOST_AFTER_MS);
  const room = Math.min(BATCH, MAX_OPEN - open.length);
  const known = new Set(open.map(({ intent }) => folderOf(intent)));
  const reports: OpenReport[] = [];
  let through = after;
  for (const prefix of daysBetween(after, now)) {
    for await (const page of pages(prefix, { deadline, startAfter: through })) {
      for (const { key } of page) {
        if (key >= end) return { reports, through, isMore: false };
        if (reports.length >= room) return { reports, through, isMore: room > 0 };
        through = key;
        const intent = notedPath(key);
        if (!known.has(folderOf(intent))) reports.push({ intent, queued: 0, next: 0 });
        known.add(folderOf(intent));
      }
    }
  }
  return { reports, through, isMore: false };
}

function lookAt(reports: readonly OpenReport[], parts: ReconcileParts): Promise<Look[]> {
  return pooled(reports, CONCURRENCY, (report) => look(report, parts));
}

/** The folders of notes from that of the last note to that of now, so that no listing holds more than a day. */
function daysBetween(through: string, now: number): string[] {
  const prefix = `${OPEN_NOTES}date=`;
  const days: string[] = [];
  let day = Date.parse(`${through.slice(prefix.length, prefix.length + 10)}T00:00:00Z`);
  for (; day <= now; day += 86_400_000) {
    days.push(`${prefix}${new Date(day).toISOString().slice(0, 10)}/`);
  }
  return days;
}

interface Look {
  /** `undefined` once it is closed. */
  readonly report?: OpenReport;
  readonly isNew?: boolean;
  readonly isQueued?: boolean;
}

/** A failure leaves the report as it is, for the next run, and its neighbours alone. */
async function look(report: OpenReport, parts: ReconcileParts): Promise<Look> {
  const isDue = report.next <= parts.now || isOf(report, parts.acknowledged);
  if (!isDue || Date.now() + RESERVE_MS > parts.deadline) return { report };
  try {
    return await step(report, parts);
  } catch (error) {
    count('ReconcileFailed', {});
    log('error', 'a report was not looked at', { folder: folderOf(report.intent), ...errorFields(error) });
    return { report };
  }
}

async function step(report: OpenReport, parts: ReconcileParts): Promise<Look> {
  const { deadline, list, now, queue } = parts;
  const folder = folderOf(report.intent);
  const is = standing(await list(folder, { deadline }), now);
  const again = is === 'lost' ? await reportOf(report.intent, parts) : undefined;
  const next = nextStep(report, is, again !== undefined, now);
  switch (next.step) {
    case 'close':
      return {};
    case 'wait':
      return { report: next.report };
    case 'queue':
      if (next.isNew) alarm(folder);
      // Not sent: the alarm is out, and the next run tries again.
      if (again !== undefined && !(await send(again, queue, deadline))) {
        return { report: { ...report, lost_at: report.lost_at ?? now }, isNew: next.isNew };
      }
      log('warn', 'a lost report is queued again', { folder, times: next.report.queued });
      return { report: next.report, isNew: next.isNew, isQueued: true };
    case 'leave':
      if (next.isNew) alarm(folder);
      return { report: next.report, isNew: next.isNew };
    default:
      return next satisfies never;
  }
}

function alarm(folder: string): void {
  count('IntentWithoutOutcome', {});
  log('error', 'an intent has no outcome', { folder });
}

async function send(report: LeakReport, queue: Pick<Queue, 'send'>, deadline: number): Promise<boolean> {
  try {
    await queue.send(report, deadline);
    return true;
  } catch (error) {
    count('ReconcileFailed', {});
    log('error', 'a lost report was not queued', { report_id: report.report_id, ...errorFields(error) });
    return false;
  }
}

/** What an intent must hold for its report to be rebuilt. A report of a token alone cannot be: we store no token. */
const Intent = z.object({ unmapped: z.object({ report: LeakReport }) });

async function reportOf(
  intent: string,
  { deadline, store }: ReconcileParts,
): Promise<LeakReport | undefined> {
  const found = await store.get(intent, { deadline, attempts: 4 });
  return found.ok && found.text !== undefined ? parseJson(found.text, Intent)?.unmapped.report : undefined;
}

/** With the slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Whether it is the report of this id. */
export function isOf({ intent }: OpenReport, reportId: string | undefined): boolean {
  return reportId !== undefined && folderOf(intent).endsWith(`/${reportId}/`);
}
