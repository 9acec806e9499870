import { Worker } from 'node:worker_threads';
import type { RealmSources } from './realm-build.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';
import type { Part } from './worker.ts';

/** Plays seeds on several threads. @param onProgress called now and then with what was counted so far */
export async function playSeeds(
  sources: RealmSources,
  { from, count, threads }: { from: number; count: number; threads: number },
  onProgress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const all = emptyTally();
  await Promise.all(
    Array.from({ length: threads }, (_, index) => {
      const part: Part = { sources, from: from + index, to: from + count, step: threads };
      return new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: part });
        worker.on('message', (tally: Tally) => {
          addTally(all, tally);
          onProgress(all);
        });
        worker.once('error', reject);
        worker.once('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`)),
        );
      });
    }),
  );
  all.failed.sort((a, b) => a.seed - b.seed);
  return all;
}
