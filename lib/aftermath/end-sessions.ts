import type { DevinActivity, SessionEndAnswer } from '../clients/devin-activity.ts';
import type { SessionEnd } from '../domain/aftermath.ts';
import { pooled } from '../platform/map-concurrent.ts';
import { type RetryOptions, sleep } from '../platform/retry.ts';
import { isOver, type KeptSession } from './read-sessions.ts';

/** What became of one session, and why where it is not plain. */
export interface EndResult {
  readonly end: SessionEnd;
  /** As it was read afterwards. */
  readonly status?: string;
  readonly reason?: string;
  /** A later try may do better. */
  readonly retryable?: boolean;
}

export interface EndRules {
  readonly mode: 'report' | 'terminate';
  readonly dryRun: boolean;
  readonly ownKey: boolean;
  readonly max: number;
  /** All sessions since the leak were read. */
  readonly isComplete: boolean;
}

export type EndPlan =
  | { readonly status: 'none' }
  | { readonly status: 'escalated'; readonly reason: string }
  | { readonly status: 'end' | 'would_end'; readonly sessions: readonly KeptSession[] };

/** Decides which sessions are to be ended: all that run, or none. It fails closed. */
export function planEnds(sessions: readonly KeptSession[], rules: EndRules): EndPlan {
  const { dryRun, isComplete, max, mode, ownKey } = rules;
  const running = sessions.filter(({ status }) => !isOver(status));
  if (mode === 'report' || (isComplete && running.length === 0)) return { status: 'none' };
  if (!isComplete) {
    return { status: 'escalated', reason: 'not all sessions could be read, so none was ended' };
  }
  if (ownKey) {
    return { status: 'escalated', reason: 'the key is that of this software, so no session was ended' };
  }
  if (running.length > max) {
    const reason = `${running.length} sessions run, more than AFTERMATH_MAX (${max}), so none was ended`;
    return { status: 'escalated', reason };
  }
  const unnamed = running.filter(({ isNamed }) => !isNamed).length;
  if (unnamed > 0) {
    const reason = `${unnamed} of the sessions that run do not name their service user, so none was ended`;
    return { status: 'escalated', reason };
  }
  return { status: dryRun ? 'would_end' : 'end', sessions: running };
}

/** Decides what became of a session from the answer to its DELETE and its status as read afterwards. */
export function decideEnd(answer: SessionEndAnswer, status: string | undefined): EndResult {
  const over = status !== undefined && isOver(status);
  if (answer.status === 'accepted' || (answer.uncertain && over)) {
    if (status === 'exit') return { end: 'ended', status };
    const seen = status === undefined ? 'the list does not show it' : `it shows ${status}`;
    return { end: 'unproven', reason: `its end is not proven: ${seen}`, retryable: true };
  }
  if (over) return { end: 'ended_by_itself', status };
  return { end: 'failed', reason: answer.reason, retryable: answer.retryable };
}

export interface EndParts {
  readonly devin: Pick<DevinActivity, 'endSession'>;
  /** Stores the intent; `false` when the store did not take it. */
  readonly recordIntent: (session: KeptSession) => Promise<boolean>;
  /** The sessions as they are now; `undefined` when they cannot be read. */
  readonly readAgain: () => Promise<readonly KeptSession[] | undefined>;
  /** Milliseconds in which the end of a session has to show. */
  readonly proofWindowMs: number;
  readonly retry: RetryOptions;
}

const NO_INTENT = 'nothing is ended without a stored intent';

/** Ends sessions, each with its intent stored before, and reads them again. @returns what became of each, by its id */
export async function endSessions(
  sessions: readonly KeptSession[],
  { devin, proofWindowMs, readAgain, recordIntent, retry }: EndParts,
): Promise<Map<string, EndResult>> {
  const results = new Map<string, EndResult>();
  const answers = new Map<string, SessionEndAnswer>();
  await pooled(sessions, 4, async (session) => {
    if (await recordIntent(session)) answers.set(session.session_id, await devin.endSession(session, retry));
    else results.set(session.session_id, { end: 'failed', reason: NO_INTENT, retryable: true });
  });
  const until = Math.min(retry.deadline, Date.now() + proofWindowMs);
  for (let pause = 250; answers.size > 0; pause *= 2) {
    const now = new Map((await readAgain())?.map(({ session_id, status }) => [session_id, status]));
    const isLast = Date.now() + pause >= until;
    for (const [id, answer] of answers) {
      const result = decideEnd(answer, now.get(id));
      // A refused session is not waited for.
      if (result.end !== 'unproven' || isLast) {
        results.set(id, result);
        answers.delete(id);
      }
    }
    if (answers.size > 0) await sleep(pause);
  }
  return results;
}
