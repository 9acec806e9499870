// Plays worlds of faults by their seeds, and holds each to the invariants:
//   npm run simulate -- --seeds 10000
//   npm run simulate -- --seed 4711         one world, with its story
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { playSeeds } from './play-seeds.ts';
import { playWorld } from './play-world.ts';
import { openRealm } from './realm.ts';
import { buildRealms, type RealmSources } from './realm-build.ts';
import { gaps, tables } from './tally.ts';

/** Every kind of fault has met every kind of ending in a run of this size. */
const LARGE = 10_000;
/** Stories that are printed of the seeds that failed. */
const STORIES = 3;

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, threads: { type: 'string' } },
});
const from = wholeNumber(values.seed ?? '1');
const threads = wholeNumber(values.threads ?? String(availableParallelism()));
const sources = await buildRealms();
if (values.seeds === undefined && values.seed !== undefined) await replay(sources, from);
else await run(sources, wholeNumber(values.seeds ?? '1000'));

async function run(built: RealmSources, count: number): Promise<void> {
  const began = performance.now();
  let shown = 0;
  const tally = await playSeeds(built, { from, count, threads }, ({ failed, seeds }) => {
    if (seeds < shown + 500) return;
    shown = seeds;
    process.stderr.write(`${seeds} worlds, ${failed.length} failed\n`);
  });
  const missing = tally.seeds >= LARGE ? gaps(tally) : [];
  const seconds = (performance.now() - began) / 1_000;
  process.stdout.write(`${tables(tally)}\n\nTook ${seconds.toFixed(0)} s on ${threads} threads.\n`);
  for (const { invariant, seed, text } of tally.failed)
    process.stdout.write(`seed ${seed} breaks "${invariant}": ${text}\n`);
  for (const gap of missing) process.stdout.write(`not met: ${gap}\n`);
  for (const { seed } of tally.failed.slice(0, STORIES)) await replay(built, seed);
  if (tally.failed.length + missing.length > 0) process.exitCode = 1;
}

async function replay(built: RealmSources, seed: number): Promise<void> {
  const { story, violations } = await playWorld(seed, openRealm(built), { shouldNotify: true });
  process.stdout.write(`\nThe story of seed ${seed}:\n${story.join('\n')}\n`);
  if (violations.length > 0) process.exitCode = 1;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${text} is not a whole number`);
  return Number(text);
}
