import * as z from 'zod/mini';
import type { FirstName } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { countdown, END_OF_TIME } from '../../domain/time.ts';
import { parseJson } from '../../platform/parse-json.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import { putOwn } from '../put-own.ts';
import { openNotes } from '../stored-note.ts';
import { OpenReport } from './open-report.ts';

/** How far the notes of intents were read, and what of them is open. It can be made again from the notes. */
export const State = z.object({
  version: z.literal(1),
  /** The last note that was read. */
  through: z.string(),
  open: z.array(OpenReport),
});
export type State = z.infer<typeof State>;

/** The state cannot be read or stored. */
export class ReconcileError extends Error {
  override readonly name = 'ReconcileError';
  readonly code = 'reconcile';
}

export interface StateParts {
  readonly store: AuditStore;
  readonly firstName: FirstName;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly deadline: number;
}

/** Nothing in the bucket is overwritten, so each state is an object of its own, and the newest comes first. */
const PREFIX = 'state/reconcile/';
/** As long as a message can live on the queue and on the dead-letter queue. */
const LOOK_BACK_MS = 28 * 86_400_000;

export interface Kept {
  readonly state: State;
  /** Epoch milliseconds under which it is stored; 0 for the first. */
  readonly at: number;
}

/** @throws {ReconcileError} */
export async function readState({ deadline, firstName, now, store }: StateParts): Promise<Kept> {
  const retry: RetryOptions = { deadline, attempts: 4 };
  const first = await firstName({ prefix: PREFIX }, retry);
  if (!first.ok) throw new ReconcileError(`the state cannot be found: ${first.reason}`);
  const { name } = first;
  if (name === undefined)
    return { at: 0, state: { version: 1, through: openNotes(now - LOOK_BACK_MS), open: [] } };
  const found = await store.get(name, retry);
  const state = found.ok && found.text !== undefined ? parseJson(found.text, State) : undefined;
  const at = END_OF_TIME - Number(name.slice(PREFIX.length, PREFIX.length + 14));
  if (state === undefined || Number.isNaN(at)) throw new ReconcileError(`the state ${name} is not readable`);
  return { at, state };
}

/** Stores the state if it differs from the one before. @throws {ReconcileError} */
export async function keepState(
  state: State,
  before: Kept,
  { deadline, now, store }: StateParts,
): Promise<Kept> {
  if (JSON.stringify(state) === JSON.stringify(before.state)) return before;
  // Later than the last one, even when that was stored by a clock ahead of ours.
  const at = Math.max(now, before.at + 1);
  const path = `${PREFIX}${countdown(at)}.json`;
  const failure = await putOwn(store, path, JSON.stringify(state), { deadline, attempts: 6 });
  // Of two runs at once the first one counts: the other's alarms may be raised again, and none is missed.
  if (failure !== undefined) throw new ReconcileError(`the state is not stored: ${failure}`);
  return { at, state };
}
