import type { ReplaceableObjects } from '../aws/replaceable-objects.ts';
import { type ExperimentResult, runExperiment } from '../identify/experiment/run-experiment.ts';
import type { World } from '../identify/experiment/world.ts';
import type { RegistryEntry } from '../identify/registry/entry.ts';
import { log } from '../platform/log.ts';
import { afterRun, PATIENT_SLOT_MS, type Run } from './progress.ts';
import { takeRun } from './progress-store.ts';

/** A live token, and the active keys of its service user. */
export interface Ambiguous {
  readonly service_user_id: string;
  readonly fingerprint: string;
  readonly candidates: readonly string[];
}

export interface LeisureParts {
  readonly objects: ReplaceableObjects;
  /** Whether a leaked token of the service user is being searched for. */
  isSearched(serviceUserId: string): Promise<boolean>;
  /** Ends the experiments: what they showed is stored. */
  readonly stopped?: AbortSignal | undefined;
  /** Who runs it: an invocation, or a command. */
  readonly holder: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

export type ToldApart =
  | {
      readonly status: 'found';
      readonly api_key_id: string;
      readonly experiment: NonNullable<RegistryEntry['experiment']>;
    }
  | { readonly status: 'undecided'; readonly reason: string }
  | { readonly status: 'dead' };

/** Milliseconds that an experiment with the shortest slots may take: most find the key in half a minute. */
const QUICK_MS = 120_000;
/** Milliseconds between looks for a leak of the service user. */
const WATCH_EVERY_MS = 2_000;

/**
 * Tells the keys of a service user apart by the experiment, at leisure: first with short slots, then with slots longer than
 * a throttle of the API may be, over as many runs as it takes. It stops at once when a token of that service user leaks.
 */
export async function tellApartAtLeisure(
  subject: Ambiguous,
  world: World,
  parts: LeisureParts,
): Promise<ToldApart> {
  for (;;) {
    if (parts.stopped?.aborted) return undecided(STOPPED);
    if (await parts.isSearched(subject.service_user_id)) return undecided(LEAK);
    const { deadline, holder, objects } = parts;
    const taking = await takeRun(objects, subject, { deadline, holder, now: world.now() });
    if (taking.status === 'later') return undecided(taking.reason);
    const { giveBack, run } = taking.taken;
    const result = await play(run, subject, world, parts);
    const isStored = await giveBack((progress) =>
      afterRun(progress, subject.fingerprint, run, result, world.now()),
    );
    if (!isStored) log('warn', 'an experiment is not stored', { service_user_id: subject.service_user_id });
    const isOver = result.ended === 'deadline' || result.ended === 'futile';
    if (run.pace === 'patient' || !isOver || !isStored) return toldApart(result, parts.stopped?.aborted);
  }
}

const LEAK = 'a leaked token of this service user is being searched for';
const STOPPED = 'it was stopped';

/** One run, which ends at the deadline, or when a leak is announced. */
async function play(
  { alpha, pace, resume }: Run,
  { candidates, service_user_id }: Ambiguous,
  world: World,
  { deadline, isSearched, stopped }: LeisureParts,
): Promise<ExperimentResult> {
  const leak = new AbortController();
  const over = new AbortController();
  const watching = watch(() => isSearched(service_user_id), leak, over.signal, world);
  const signal = stopped === undefined ? leak.signal : AbortSignal.any([leak.signal, stopped]);
  try {
    return pace === 'quick'
      ? await runExperiment(world, {
          candidates,
          alpha,
          deadline: Math.min(deadline, world.now() + QUICK_MS),
          signal,
        })
      : await runExperiment(world, {
          candidates,
          alpha,
          deadline,
          signal,
          leastSlotMs: PATIENT_SLOT_MS,
          goesOn: true,
          resume,
        });
  } finally {
    over.abort();
    await watching;
  }
}

async function watch(
  isSearched: () => Promise<boolean>,
  leak: AbortController,
  over: AbortSignal,
  world: World,
): Promise<void> {
  while (!over.aborted && !leak.signal.aborted) {
    await world.sleepUntil(world.now() + WATCH_EVERY_MS, over);
    if (!over.aborted && (await isSearched())) leak.abort();
  }
}

function toldApart(result: ExperimentResult, isStopped = false): ToldApart {
  const { alpha, api_key_id, bound_log10, ended, likelihoods, slots } = result;
  switch (ended) {
    case 'found': {
      if (api_key_id === undefined) throw new RangeError('an experiment found a key and does not name it');
      const log10 = likelihoods[0]?.log10 ?? bound_log10;
      return { status: 'found', api_key_id, experiment: { alpha, log10, bound_log10, slots } };
    }
    case 'rejected':
      return { status: 'dead' };
    case 'stopped':
      return undecided(isStopped ? STOPPED : LEAK);
    case 'failing':
      return undecided('too many calls of Devin failed');
    case 'deadline':
    case 'futile':
      return undecided(`the use of the keys does not tell them apart yet, after ${slots} slots`);
    default:
      return ended satisfies never;
  }
}

function undecided(reason: string): ToldApart {
  return { status: 'undecided', reason };
}
