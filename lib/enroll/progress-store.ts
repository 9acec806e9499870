import type { ReplaceableObjects } from '../aws/replaceable-objects.ts';
import { parseJson } from '../platform/parse-json.ts';
import { nextRun, Progress, type Run, type Runner } from './progress.ts';

/** A run that nobody else may begin until it is given back, or its lease is over. */
export interface TakenRun {
  readonly run: Run;
  /** Stores what is to be stored after the run. @returns whether it was */
  giveBack(after: (progress: Progress) => Progress): Promise<boolean>;
}

export type Taken =
  | { readonly status: 'taken'; readonly taken: TakenRun }
  | { readonly status: 'later'; readonly reason: string };

const EMPTY: Progress = { version: 1, tokens: {} };

/**
 * Takes the next run about a token of a service user, by a conditional put: of two who try, one gets it. What cannot be read
 * is left alone, since it holds how much of the permitted error is spent.
 */
export async function takeRun(
  objects: ReplaceableObjects,
  { fingerprint, service_user_id }: { fingerprint: string; service_user_id: string },
  runner: Runner,
): Promise<Taken> {
  const path = `experiments/${service_user_id}.json`;
  const retry = () => ({ deadline: Date.now() + 10_000 });
  const answer = await objects.get(path, retry());
  if (!answer.ok) return later(`the experiments cannot be read (${answer.reason})`);
  const progress = answer.found === undefined ? EMPTY : parseJson(answer.found.text, Progress);
  if (progress === undefined) return later('the stored experiments are not readable');
  const next = nextRun(progress, fingerprint, runner);
  if (next.next === 'later') return later(next.reason);
  const stored = await objects.put(path, next.progress, answer.found?.etag, retry());
  switch (stored.result) {
    case 'conflict':
      return later('another experiment about this service user began at the same moment');
    case 'failed':
      return later(stored.reason);
    case 'stored':
      return {
        status: 'taken',
        taken: {
          run: next.run,
          giveBack: async (after) =>
            (await objects.put(path, after(next.progress), stored.etag, retry())).result === 'stored',
        },
      };
    default:
      return stored satisfies never;
  }
}

function later(reason: string): Taken {
  return { status: 'later', reason };
}
