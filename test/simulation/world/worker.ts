// A thread that plays a part of the seeds, and reports its tally every few hundred.
import { parentPort, workerData } from 'node:worker_threads';
import { playWorld } from './play-world.ts';
import { openRealm } from './realm.ts';
import type { RealmSources } from './realm-build.ts';
import { addWorld, emptyTally, type Tally } from './tally.ts';

export interface Part {
  readonly sources: RealmSources;
  readonly from: number;
  readonly to: number;
  /** Every how many seeds one is this thread's. */
  readonly step: number;
}

/** Worlds between two reports of a thread. */
const PORTION = 200;

// Errors of the functions are many, and nobody reads their stacks: a story is played again on the main thread.
Error.stackTraceLimit = 0;

const { from, sources, step, to }: Part = workerData;
const realm = openRealm(sources);
let tally: Tally = emptyTally();
for (let seed = from; seed < to; seed += step) {
  addWorld(tally, await playWorld(seed, realm));
  if (tally.seeds < PORTION) continue;
  parentPort?.postMessage(tally);
  tally = emptyTally();
}
parentPort?.postMessage(tally);
