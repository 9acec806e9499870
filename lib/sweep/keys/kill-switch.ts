import type { FirstName } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { countdown, END_OF_TIME } from '../../domain/time.ts';
import type { RetryOptions } from '../../platform/retry.ts';

/** Whether sweeps may run. `unknown` counts as stopped: guard rails fail closed. */
export type SwitchState =
  | { readonly state: 'running' | 'stopped' }
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * The kill switch of all sweeps. Nothing in the audit bucket is ever overwritten or deleted, so each change of the
 * switch is an object of its own, and the newest one applies. Its name begins with the time counted backwards, so the
 * newest is the first of a listing; of two at the same time, the stop comes first.
 */
export interface KillSwitch {
  read(retry: RetryOptions): Promise<SwitchState>;
  /** @throws {KillSwitchError} when the change could not be stored */
  set(to: 'stop' | 'resume', why: { reason: string; requestId: string }, retry: RetryOptions): Promise<void>;
}

/** The switch could not be set. */
export class KillSwitchError extends Error {
  override readonly name = 'KillSwitchError';
}

const PREFIX = 'control/sweeps/';
const NAME = /^control\/sweeps\/(\d{14})-(0-stop|1-resume)\.json$/;

export function killSwitch(store: AuditStore, firstName: FirstName): KillSwitch {
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
        return { state: 'unknown', reason: `the kill switch cannot be read (${found.reason})` };
      }
      return { state: found.turn === '0-stop' ? 'stopped' : 'running' };
    },

    async set(to, { reason, requestId }, retry) {
      const found = await newest(retry);
      // Later than the last change, even when that was made by a clock ahead of ours.
      const at = Math.max(Date.now(), found.ok ? found.at + 1 : 0);
      const name = `${countdown(at)}-${to === 'stop' ? '0-stop' : '1-resume'}`;
      const turn = { version: 1, turn: to, at, reason, request_id: requestId };
      const stored = await store.put(`${PREFIX}${name}.json`, turn, retry);
      if (stored.result === 'failed')
        throw new KillSwitchError(`the kill switch is not set: ${stored.reason}`);
    },
  };
}
