import type { FirstName } from '../../audit/list.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import type { RetryOptions } from '../../platform/retry.ts';

/** Whether sweeps may go on. `unknown` counts as stopped: guard rails fail closed. */
export type Switch =
  | { readonly state: 'running' | 'stopped' }
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * The stop switch of all sweeps. Nothing in the audit bucket is ever overwritten or deleted, so each turn of the switch
 * is an object of its own, and the newest one tells. Its name begins with the time counted backwards, so the newest
 * is the first of a listing; of two at the same time, the stop comes first.
 */
export interface StopSwitch {
  read(retry: RetryOptions): Promise<Switch>;
  /** @throws {SwitchError} when the turn could not be stored */
  turn(to: 'stop' | 'resume', why: { reason: string; requestId: string }, retry: RetryOptions): Promise<void>;
}

/** The switch could not be turned. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
}

const PREFIX = 'control/sweeps/';
/** After the year 5000; thirteen digits for any time until then. */
const END_OF_TIME = 99_999_999_999_999;
const NAME = /^control\/sweeps\/(\d{14})-(0-stop|1-resume)\.json$/;

export function stopSwitch(store: AuditStore, firstName: FirstName): StopSwitch {
  async function newest(retry: RetryOptions) {
    const first = await firstName({ prefix: PREFIX }, retry);
    if (!first.ok) return { ok: false, reason: first.reason } as const;
    const [, countdown, turn] = NAME.exec(first.name ?? '') ?? [];
    if (first.name !== undefined && countdown === undefined) {
      return { ok: false, reason: 'an unknown name' } as const;
    }
    return { ok: true, turn, at: countdown === undefined ? 0 : END_OF_TIME - Number(countdown) } as const;
  }

  return {
    async read(retry) {
      const found = await newest(retry);
      if (!found.ok) {
        return { state: 'unknown', reason: `the stop switch can not be read (${found.reason})` };
      }
      return { state: found.turn === '0-stop' ? 'stopped' : 'running' };
    },

    async turn(to, { reason, requestId }, retry) {
      const found = await newest(retry);
      // Later than the last turn, even when that was made by a clock ahead of ours.
      const at = Math.max(Date.now(), found.ok ? found.at + 1 : 0);
      const name = `${countdown(at)}-${to === 'stop' ? '0-stop' : '1-resume'}`;
      const turn = { version: 1, turn: to, at, reason, request_id: requestId };
      const stored = await store.put(`${PREFIX}${name}.json`, turn, retry);
      if (stored.result === 'failed') throw new SwitchError(`the switch is not turned: ${stored.reason}`);
    },
  };
}

/** A time counted backwards, so that later names come first. @param at epoch milliseconds */
export function countdown(at: number): string {
  return String(END_OF_TIME - at).padStart(14, '0');
}
