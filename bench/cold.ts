import type { Bench, Sample } from './measure.ts';
import { type Built, type Peer, peersOf } from './peers.ts';
import type { Measured, Results } from './results.ts';
import { SCENARIOS } from './scenarios.ts';
import { median, pairedRatio } from './statistics.ts';

interface ColdOptions {
  readonly built: Built;
  readonly python?: string;
  readonly rounds: number;
  showProgress(text: string): void;
}

interface Entry {
  readonly peer: Peer;
  readonly samples: Sample[];
}

/**
 * Starts every peer once a round, each time as a process of its own, in an order that rotates, so that no peer always
 * follows the same one.
 */
export async function measureCold(
  { sample }: Bench,
  { built, python, rounds, showProgress }: ColdOptions,
): Promise<Results['cold']> {
  const entries = SCENARIOS.map((scenario) => ({
    scenario,
    peers: peersOf(scenario, built, python).map((peer): Entry => ({ peer, samples: [] })),
  }));
  // The first round reads the files from the disk, and does not count.
  for (let round = 0; round <= rounds; round++) {
    showProgress(round === 0 ? 'warming the file cache' : `cold, round ${round} of ${rounds}`);
    for (const { peers, scenario } of entries) {
      for (const { peer, samples } of [
        ...peers.slice(round % peers.length),
        ...peers.slice(0, round % peers.length),
      ]) {
        const taken = await sample(peer, scenario);
        if (round > 0) samples.push(taken);
      }
    }
  }
  return entries.map(({ peers, scenario }) => {
    const ours = times(peers[0]?.samples);
    return { scenario, peers: peers.map((entry) => summary(entry, ours)) };
  });
}

function summary({ peer, samples }: Entry, ours: readonly number[]): Measured {
  const ms = times(samples);
  return {
    name: peer.name,
    label: peer.label,
    ms,
    median: median(ms),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
    memoryKb: median(samples.map(({ memoryKb }) => memoryKb)),
    ratio: pairedRatio(ours, ms),
  };
}

const times = (samples: readonly Sample[] = []): number[] => samples.map(({ ms }) => ms);
