import { type PlayOptions, playExperiment, type SimulatedWorld } from './play-experiment.ts';

/**
 * Plays worlds by their seeds.
 *
 * @returns how often the leaked key was named, after how many seconds, sorted, and the seeds that named another
 */
export async function playMany(
  draw: (seed: number) => SimulatedWorld,
  { from = 1, worlds, ...options }: PlayOptions & { from?: number; worlds: number },
): Promise<{ found: number; seconds: number[]; wrong: number[] }> {
  const wrong: number[] = [];
  const took: number[] = [];
  for (let seed = from; seed < from + worlds; seed++) {
    const { api_key_id, seconds } = await playExperiment(draw(seed), options);
    if (api_key_id === 'leaked') took.push(seconds);
    else if (api_key_id !== undefined) wrong.push(seed);
  }
  return { found: took.length, seconds: took.sort((a, b) => a - b), wrong };
}
