import type { Bench } from './measure.ts';
import type { Built } from './peers.ts';
import type { Warm } from './results.ts';
import type { Rounds } from './rounds.ts';
import { median } from './statistics.ts';

/** The first reports find code that the engine has not optimised yet, and do not count. */
const DROPPED = 5;

/** Reports by key ids in one warm process, each paired with the same requests sent bare. */
export async function measureWarm(
  { ask, run }: Bench,
  { built, pairs, showProgress }: { built: Built; pairs: number; showProgress(text: string): void },
): Promise<Warm> {
  showProgress('warm');
  const jobs: { event: unknown; rounds: Rounds }[] = [];
  const expected = ['POST GetSecretValue'];
  for (let index = 0; index < DROPPED + pairs; index++) {
    const own = await ask({ ask: 'begin', scenario: 'keys' });
    const other = await ask({ ask: 'begin', scenario: 'keys' });
    const rounds = other.rounds.map((round) => round.filter(({ cold }) => cold !== true));
    const names = rounds.flat().map(({ name }) => name);
    expected.push(...names, ...names);
    jobs.push({ event: own.event, rounds });
  }
  const { output } = await run([process.execPath, built.warm, built.revoke, built.bare], jobs);
  const { requests } = await ask({ ask: 'end' });
  if (`${requests.sort()}` !== `${expected.sort()}`) throw new Error('the warm reports did not do the job');

  const measured: { own: number; bare: number }[] = JSON.parse(output.trim().split('\n').at(-1) ?? '[]');
  const kept = measured.slice(DROPPED);
  return {
    own: median(kept.map(({ own }) => own)),
    bare: median(kept.map(({ bare }) => bare)),
    overhead: median(kept.map(({ own, bare }) => own - bare)),
  };
}
