import * as z from 'zod/mini';
import type { StoredObject } from '../../aws/list-objects.ts';
import { ACKNOWLEDGED, OUTCOME } from '../record-path.ts';

/** A report whose intent has no outcome yet. */
export const OpenReport = z.object({
  /** The path of its intent. */
  intent: z.string(),
  /** Epoch milliseconds when it was found lost, and the alarm was raised. */
  lost_at: z.optional(z.int()),
  /** How often it was queued again. */
  queued: z.int(),
  /** Epoch milliseconds before which it is not looked at again. */
  next: z.int(),
});
export type OpenReport = z.infer<typeof OpenReport>;

/** An intent that is this old and has no outcome, and no attempt as young, is lost, milliseconds. */
export const LOST_AFTER_MS = 15 * 60_000;
/** A report that is lost is queued again this often; then a person has to act. */
export const MAX_QUEUED = 5;
/** Milliseconds between two looks at a lost report, at most. */
const MAX_PAUSE_MS = 6 * 3_600_000;

/** What there is to know of a report, from the names and times of the objects in its folder. */
export type Standing = 'settled' | 'working' | 'lost';

/** @param now epoch milliseconds */
export function standing(inside: readonly StoredObject[], now: number): Standing {
  const ends = [OUTCOME, ACKNOWLEDGED].map((name) => `/${name}.json`);
  if (inside.some(({ key }) => ends.some((end) => key.endsWith(end)))) return 'settled';
  const latest = inside.reduce((last, { storedAt }) => Math.max(last, storedAt), 0);
  // Without any object the intent was not stored in the end, and nothing was done.
  if (inside.length === 0) return 'settled';
  return now - latest > LOST_AFTER_MS ? 'lost' : 'working';
}

/** What becomes of an open report. */
export type Step =
  | { readonly step: 'close' }
  | { readonly step: 'wait'; readonly report: OpenReport }
  | { readonly step: 'queue'; readonly isNew: boolean; readonly report: OpenReport }
  | { readonly step: 'leave'; readonly isNew: boolean; readonly report: OpenReport };

/**
 * Decides about one report. It raises one alarm (`isNew`), is queued at most `MAX_QUEUED` times with growing pauses, and
 * stays open until it has an outcome or a person acknowledges it.
 *
 * @param canQueue whether its report can be made again from the intent
 */
export function nextStep(report: OpenReport, is: Standing, canQueue: boolean, now: number): Step {
  switch (is) {
    case 'settled':
      return { step: 'close' };
    case 'working':
      return { step: 'wait', report: { ...report, next: now + LOST_AFTER_MS / 3 } };
    case 'lost': {
      const isNew = report.lost_at === undefined;
      const seen = { ...report, lost_at: report.lost_at ?? now, next: now + pause(report.queued) };
      if (!canQueue || report.queued >= MAX_QUEUED) return { step: 'leave', isNew, report: seen };
      return { step: 'queue', isNew, report: { ...seen, queued: report.queued + 1 } };
    }
    default:
      return is satisfies never;
  }
}

/** Milliseconds: half an hour, doubled each time. */
function pause(queued: number): number {
  return Math.min(LOST_AFTER_MS * 2 ** (queued + 1), MAX_PAUSE_MS);
}
